import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { METRICS_NAMESPACE, Metric } from '../../lambdas/relay/names.ts';
import { AlarmName, RUNBOOK_URL } from '../../lib/infra/monitoring/alarms.ts';
import { LOG_QUERIES } from '../../lib/infra/monitoring/log-queries.ts';
import { RocketChatRelay } from '../../lib/infra/rocket-chat-relay.ts';
import { CONFIGURATIONS, templateOf } from './configurations.ts';
import { evaluate } from './simulation/cloudwatch.ts';
import { resourceOf, synthesise, withApp } from './synthesise.ts';

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
const sources = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

// With every optional alarm.
const { template } = synthesise({ ...CONFIGURATIONS['watched'], requireMalwareScan: true });
const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
const nameOf = ({ AlarmName: name }: { AlarmName: string }) => name.split('-').at(-1);

describe('the alarms', () => {
  it('include every name of AlarmName, NothingPosted and MalwareFound only if their settings are set', () => {
    expect(alarms.map(nameOf).sort()).toEqual(Object.values(AlarmName).sort());
    const others = Object.values(templateOf('relay-stack').findResources('AWS::CloudWatch::Alarm'));
    const otherNames = others.map(({ Properties }) => nameOf(Properties));
    expect(otherNames).not.toContain(AlarmName.NothingPosted);
    expect(otherNames).not.toContain(AlarmName.MalwareFound);
  });

  it.each(Object.values(AlarmName))(
    'include %s, whose text links to a section with the meaning, the commands and the fix',
    (name) => {
      const alarm = alarms.find((candidate) => nameOf(candidate) === name);
      const link = `section ${name} of ${RUNBOOK_URL}#${name.toLowerCase()}`;
      expect(alarm?.AlarmDescription.endsWith(link)).toBe(true);
      // CloudWatch's limit.
      expect(alarm?.AlarmDescription.length).toBeLessThanOrEqual(1024);
      const section = page.split(/^#+ /m).find((text) => text.startsWith(`${name}\n`)) ?? '';
      for (const part of ['**Means:**', '**Look:**', '**Do:**']) expect(section).toContain(part);
    },
  );

  it('notify the topic when they start and end, and treat missing data explicitly', () => {
    const [topicId] = Object.keys(template.findResources('AWS::SNS::Topic'));
    for (const alarm of alarms) {
      expect(alarm.AlarmActions).toEqual([{ Ref: topicId }]);
      expect(alarm.OKActions).toEqual([{ Ref: topicId }]);
      const expected = nameOf(alarm) === AlarmName.NothingPosted ? 'breaching' : 'notBreaching';
      expect([nameOf(alarm), alarm.TreatMissingData]).toEqual([nameOf(alarm), expected]);
    }
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@acme.test' });
  });

  it('link to the page that runbookUrl names', () => {
    const { template: own } = synthesise({ runbookUrl: 'https://wiki.acme.test/relay' });
    const [alarm] = Object.values(
      own.findResources('AWS::CloudWatch::Alarm', { Properties: { Namespace: 'AWS/SQS' } }),
    );
    expect(alarm?.['Properties'].AlarmDescription).toContain('DeadLetters of https://wiki.acme.test/relay#deadletters');
    const dashboards = JSON.stringify(own.findResources('AWS::CloudWatch::Dashboard'));
    expect(dashboards).toContain('(https://wiki.acme.test/relay)');
  });

  it('notify the given topic', () => {
    withApp((app) => {
      const stack = new Stack(app, 'Mine');
      const alarmTopic = Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:eu-central-1:123456789012:alarms');
      new RocketChatRelay(stack, 'Relay', {
        rocketChatUrl: 'https://chat.acme.test',
        routes: [{ room: '#a' }],
        alarmTopic,
      });
      const own = Template.fromStack(stack);
      own.resourceCountIs('AWS::SNS::Topic', 0);
      own.allResourcesProperties('AWS::CloudWatch::Alarm', { AlarmActions: [alarmTopic.topicArn] });
    });
  });

  it('have the metrics, periods and thresholds that the simulation was made for', () => {
    expect(Object.fromEntries(alarms.map((alarm) => [nameOf(alarm), settingsOf(alarm)]))).toEqual(SETTINGS);
  });

  it('allow a backlog the time that it needs under a rate limit', () => {
    const { Metrics } = alarms.find((alarm) => nameOf(alarm) === AlarmName.BacklogTooOld) ?? {};
    const { Expression } = Metrics.find((metric: { Expression?: string }) => metric.Expression !== undefined);
    const hours = (count: number | undefined) => (count === undefined ? undefined : count * 3600);
    const level = (values: { age?: number; waiting?: number; drain?: number; retried?: number }) =>
      evaluate(Expression, {
        age: hours(values.age),
        waiting: hours(values.waiting),
        drain: hours(values.drain),
        retried: values.retried,
      });
    expect(level({ age: 2 })).toBeGreaterThan(1);
    expect(level({ age: 0.5 })).toBeLessThan(1);
    // An object that SQS leaves out of the age, because it was received more than three times.
    expect(level({ age: 0, waiting: 2, retried: 1 })).toBeGreaterThan(1);
    // A thousand files at ten a minute, from the first file to the last.
    for (let age = 0; age <= 100 / 60; age += 0.1)
      expect(level({ waiting: age, drain: 100 / 60 - age })).toBeLessThan(1);
    // Three days are needed where two are allowed; or the queue does not drain although its drain time is short.
    expect(level({ age: 1, drain: 72 })).toBeGreaterThan(1);
    expect(level({ waiting: 48, drain: 1 })).toBeGreaterThan(1);
  });
});

interface AlarmSettings {
  readonly Metrics?: readonly { readonly Expression?: string; readonly MetricStat?: MetricStat }[];
  readonly [name: string]: unknown;
}
interface MetricStat {
  readonly Metric: { readonly MetricName: string };
  readonly Period: number;
  readonly Stat: string;
}

/** What an alarm compares: its metrics as "name statistic period", the operator and threshold, "datapoints of periods". */
const settingsOf = ({ Metrics, ...alarm }: AlarmSettings): readonly unknown[] => {
  const own = `${alarm['MetricName']} ${alarm['Statistic']} ${alarm['Period']}`;
  const used = Metrics?.flatMap(({ MetricStat: stat }) =>
    stat === undefined ? [] : [`${stat.Metric.MetricName} ${stat.Stat} ${stat.Period}`],
  );
  const periods = alarm['EvaluationPeriods'];
  return [
    used ?? [own],
    `${OPERATORS[String(alarm['ComparisonOperator'])]} ${alarm['Threshold']}`,
    `${alarm['DatapointsToAlarm'] ?? periods} of ${periods}`,
  ];
};

const OPERATORS: Readonly<Record<string, string>> = {
  GreaterThanThreshold: '>',
  GreaterThanOrEqualToThreshold: '>=',
  LessThanThreshold: '<',
};

const SETTINGS = {
  DeadLetters: [['ApproximateNumberOfMessagesVisible Maximum 300'], '>= 1', '1 of 1'],
  BacklogTooOld: [
    [
      'ApproximateAgeOfOldestMessage Minimum 5400',
      'OldestWaiting Maximum 5400',
      'ExpectedDrainTime Minimum 5400',
      'Retried Sum 5400',
      'Misconfigured Sum 5400',
    ],
    '> 1',
    '1 of 1',
  ],
  QueueStalled: [
    [
      'ApproximateNumberOfMessagesVisible Maximum 300',
      'ApproximateNumberOfMessagesNotVisible Maximum 300',
      'NumberOfMessagesDeleted Sum 300',
    ],
    '>= 1',
    '12 of 12',
  ],
  Misconfigured: [['Misconfigured Sum 5400'], '>= 1', '1 of 1'],
  DeliveriesFail: [['Retried Sum 5400', 'ObjectsPosted Sum 5400', 'OldestWaiting Maximum 5400'], '>= 50', '1 of 1'],
  FunctionErrors: [['Errors Sum 3600'], '>= 3', '1 of 1'],
  FunctionThrottled: [['Throttles Sum 300'], '>= 1', '3 of 12'],
  FunctionTimesOut: [['Duration Maximum 3600'], '>= 895000', '1 of 1'],
  LoopSuspected: [['LoopSuspected Sum 3600'], '>= 1', '1 of 1'],
  MalwareFound: [['MalwareFound Sum 3600'], '>= 1', '1 of 1'],
  NothingPosted: [['ObjectsPosted Sum 3600'], '< 1', '24 of 24'],
};

describe('docs/operating.md', () => {
  const failure = sources('lambdas/relay/domain/failure.ts');
  const union = failure.match(/export type Reason =([^;]+);/)?.[1] ?? '';
  const reasons = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, reason = '']) => reason);
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.+) \| (.+) \| (.+) \|$/gm)];

  it('explains every reason and no other', () => {
    expect(reasons.length).toBeGreaterThan(20);
    expect(rows.map(([, reason]) => reason)).toEqual(reasons);
  });

  it('lists every saved query', () => {
    for (const name of Object.keys(LOG_QUERIES)) expect(page).toContain(`\`${name}\``);
    template.resourceCountIs('AWS::Logs::QueryDefinition', Object.keys(LOG_QUERIES).length);
  });

  it('uses only outputs that the stack has, and links only to sections that exist', () => {
    const outputs = Object.keys(template.findOutputs('*'));
    for (const [, name] of page.matchAll(/\$\((?:out|arn) "?(\w+)/g)) {
      if (name !== 'queue') expect(outputs).toContain(name);
    }
    const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(/[`,]/g, '').replaceAll(' ', '-'),
    );
    for (const [, anchor] of page.matchAll(/\]\(#([\w-]+)\)/g)) expect(anchors).toContain(anchor);
  });
});

describe('the construct', () => {
  const relay = withApp((app) => {
    const stack = new Stack(app, 'Mine');
    return new RocketChatRelay(stack, 'Relay', { rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#a' }] });
  });

  it.each(Object.values(Metric))('has a method for the metric %s', (name) => {
    const method = Reflect.get(relay, `metric${name}`) as ((options?: object) => IMetric) | undefined;
    expect(method).toBeTypeOf('function');
    const { metricStat } = method?.call(relay, { label: 'mine' }).toMetricConfig() ?? {};
    expect(metricStat).toMatchObject({
      namespace: METRICS_NAMESPACE,
      metricName: name,
      dimensions: [{ name: 'service', value: relay.serviceName }],
    });
  });

  it('gives the alarms the metrics of its own function', () => {
    const functions = Object.values(
      template.findResources('AWS::Lambda::Function', { Properties: { MemorySize: 1024 } }),
    );
    const { POWERTOOLS_SERVICE_NAME: service } = functions[0]?.['Properties'].Environment.Variables ?? {};
    expect(JSON.stringify(alarms)).toContain(`"Name":"service","Value":"${service}"`);
  });
});

describe('the dashboard', () => {
  const body = JSON.stringify(
    Object.values(template.findResources('AWS::CloudWatch::Dashboard'))[0]?.['Properties'].DashboardBody,
  );

  it('has its widgets', () => {
    for (const title of ['Is it flowing?', 'How far behind?', 'What fails?', 'Why?', 'Dollars an hour', 'Alarms']) {
      expect(body).toContain(title);
    }
  });

  it('counts the log of the function only', () => {
    const { id } = resourceOf(template, 'AWS::Logs::LogGroup');
    const [, metric] = body.replaceAll('\\', '').split('"AWS/Logs",');
    expect(metric).toMatch(new RegExp(`^"IncomingBytes","LogGroupName","",{"Ref":"${id}"}`));
  });

  it('is not created if dashboard is false', () => {
    const own = templateOf('existing-buckets');
    own.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});
