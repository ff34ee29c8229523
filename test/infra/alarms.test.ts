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
import { reviewedTemplate } from './configurations.ts';
import { synthesise, withApp } from './synthesise.ts';

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
const sources = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

const template = reviewedTemplate('watched');
const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
const nameOf = ({ AlarmName: name }: { AlarmName: string }) => name.split('-').at(-1);

describe('the alarms', () => {
  it('include every name of AlarmName, NothingPosted only if quietAlarmAfterHours is set', () => {
    expect(alarms.map(nameOf).sort()).toEqual(Object.values(AlarmName).sort());
    const others = Object.values(reviewedTemplate('relay-stack').findResources('AWS::CloudWatch::Alarm'));
    expect(others.map(({ Properties }) => nameOf(Properties))).not.toContain(AlarmName.NothingPosted);
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
      for (const part of ['**Means:**', '**Look:**', '**Mend:**']) expect(section).toContain(part);
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

  it('allow a backlog the time that it needs under a rate limit', () => {
    const { Metrics } = alarms.find((alarm) => nameOf(alarm) === AlarmName.BacklogTooOld) ?? {};
    const expression = Metrics.find(({ Expression }: { Expression?: string }) => Expression !== undefined).Expression;
    // Evaluates the metric math in JavaScript. FILL(x, 0) gives 0 for missing data.
    const evaluate = (age: number, drain: number | undefined): number =>
      Function(
        'IF',
        'FILL',
        'age',
        'drain',
        `return ${expression}`,
      )(
        (condition: boolean, yes: number, no: number) => (condition ? yes : no),
        (value: number | undefined, otherwise: number) => value ?? otherwise,
        age,
        drain,
      );
    const hours = (count: number) => count * 3600;
    expect(evaluate(hours(2), undefined)).toBeGreaterThan(1);
    expect(evaluate(hours(0.5), undefined)).toBeLessThan(1);
    // A thousand files at ten a minute, from the first file to the last.
    for (let age = 0; age <= 100 * 60; age += 60) expect(evaluate(age, 100 * 60 - age)).toBeLessThan(1);
    // Three days are needed where two are allowed; or the queue does not drain although its drain time is short.
    expect(evaluate(hours(1), hours(72))).toBeGreaterThan(1);
    expect(evaluate(hours(48), hours(1))).toBeGreaterThan(1);
  });
});

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
    const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'));
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

  it('is not created if dashboard is false', () => {
    const own = reviewedTemplate('existing-buckets');
    own.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});
