/** What `relay open` opens in AWS's console. */
export const PAGES = ['dashboard', 'logs', 'queue', 'dead-letters'] as const;
export type Page = (typeof PAGES)[number];

/** Hosts of the console by the beginning of the region's name. Other regions belong to the partition `aws`. */
const HOSTS: readonly (readonly [string, string])[] = [
  // https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-console.html
  ['us-gov-', 'console.amazonaws-us-gov.com'],
  // https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html
  ['cn-', 'console.amazonaws.cn'],
  // https://docs.aws.amazon.com/general/latest/gr/rande.html, AWS European Sovereign Cloud
  ['eusc-', 'console.amazonaws-eusc.eu'],
];

export interface ConsoleTarget {
  readonly region: string;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  readonly logGroupName: string;
  readonly dashboardName: string | undefined;
}

/** The page's URL; undefined if the relay is deployed without a dashboard. */
export const consoleUrl = (page: Page, target: ConsoleTarget): string | undefined => {
  const { region, dashboardName } = target;
  const host = HOSTS.find(([start]) => region.startsWith(start))?.[1] ?? `${region}.console.aws.amazon.com`;
  const at = (path: string, fragment: string) => `https://${host}/${path}/home?region=${region}#${fragment}`;
  switch (page) {
    case 'dashboard':
      return dashboardName && at('cloudwatch', `dashboards/dashboard/${encodeURIComponent(dashboardName)}`);
    case 'logs':
      return at('cloudwatch', `logsV2:log-groups/log-group/${fragmentPart(target.logGroupName)}`);
    case 'queue':
      return at('sqs/v3', `/queues/${encodeURIComponent(target.queueUrl)}`);
    case 'dead-letters':
      return at('sqs/v3', `/queues/${encodeURIComponent(target.deadLetterQueueUrl)}`);
    default:
      return page satisfies never;
  }
};

/** The console encodes a log group's name twice, with `$` in place of the second `%`. */
const fragmentPart = (name: string): string => encodeURIComponent(encodeURIComponent(name)).replaceAll('%', '$');
