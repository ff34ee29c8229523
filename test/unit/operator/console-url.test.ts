import { describe, expect, it } from 'vitest';
import { consoleUrl, PAGES } from '../../../lib/operator/open/console-url.ts';

const target = (region: string, dashboardName: string | undefined = 'Relay dashboard') => ({
  region,
  dashboardName,
  queueUrl: `https://sqs.${region}.amazonaws.com/123456789012/uploads`,
  deadLetterQueueUrl: `https://sqs.${region}.amazonaws.com/123456789012/letters`,
  logGroupName: '/aws/lambda/relay',
});

describe('consoleUrl', () => {
  it('gives the pages of a region', () => {
    const pages = PAGES.map((page) => consoleUrl(page, target('eu-central-1')));
    const host = 'https://eu-central-1.console.aws.amazon.com';
    expect(pages).toEqual([
      `${host}/cloudwatch/home?region=eu-central-1#dashboards/dashboard/Relay%20dashboard`,
      `${host}/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Frelay`,
      `${host}/sqs/v3/home?region=eu-central-1#/queues/https%3A%2F%2Fsqs.eu-central-1.amazonaws.com%2F123456789012%2Fuploads`,
      `${host}/sqs/v3/home?region=eu-central-1#/queues/https%3A%2F%2Fsqs.eu-central-1.amazonaws.com%2F123456789012%2Fletters`,
    ]);
  });

  it.each([
    ['us-gov-west-1', 'console.amazonaws-us-gov.com'],
    ['cn-north-1', 'console.amazonaws.cn'],
    ['eusc-de-east-1', 'console.amazonaws-eusc.eu'],
    ['us-east-1', 'us-east-1.console.aws.amazon.com'],
  ])('takes the console of the partition of %s', (region, host) => {
    expect(new URL(consoleUrl('queue', target(region)) ?? '').host).toBe(host);
  });

  it('has no dashboard if the relay is deployed without one', () => {
    expect(consoleUrl('dashboard', { ...target('us-east-1'), dashboardName: undefined })).toBeUndefined();
  });
});
