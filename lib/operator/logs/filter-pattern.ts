/** What selects deliveries in the log. */
export interface DeliveryFilter {
  /** A glob, or a whole key. */
  readonly key?: string | undefined;
  readonly reason?: readonly string[] | undefined;
  readonly outcomes?: readonly string[] | undefined;
}

/**
 * The pattern with which CloudWatch Logs selects entries. It is never narrower than the filter, which the command applies
 * again: a pattern can't express a glob, and its quoting of special characters is not documented
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html).
 */
export const filterPattern = ({ key, reason, outcomes }: DeliveryFilter): string | undefined => {
  const start = key === undefined ? '' : (/^[\w/. -]+/.exec(key)?.[0] ?? '');
  const isWhole = start === key;
  const conditions = [
    ...(start === '' ? [] : [`$.key = "${start}${isWhole ? '' : '*'}"`]),
    ...anyOf('reason', reason),
    ...anyOf('outcome', outcomes),
  ];
  if (conditions.length === 0 && key === undefined) return undefined;
  return `{ ${['$.message = "delivery"', ...conditions].map((condition) => `(${condition})`).join(' && ')} }`;
};

const anyOf = (name: string, values: readonly string[] | undefined): string[] => {
  if (values === undefined || !values.every((value) => /^\w[\w-]*$/.test(value))) return [];
  return [values.map((value) => `$.${name} = "${value}"`).join(' || ')];
};
