import { readFileSync } from 'node:fs';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { METRICS_NAMESPACE, Metric } from '../../lambdas/relay/names.ts';
import { AlarmName } from '../../lib/infra/monitoring/alarms.ts';
import { LOG_QUERIES } from '../../lib/infra/monitoring/log-queries.ts';
import { RocketChatRelay } from '../../lib/infra/rocket-chat-relay.ts';
import { reviewedTemplate } from './configurations.ts';
import { withApp } from './synthesise.ts';

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
const sources = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

const template = reviewedTemplate('watched');
const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
const nameOf = ({ AlarmName: name }: { AlarmName: string }) => name.split('-').at(-1);

describe('the alarms', () => {
  it('are all there; the one for silence only where it was asked for', () => {
    expect(alarms.map(nameOf).sort()).toEqual(Object.values(AlarmName).sort());
    const others = Object.values(reviewedTemplate('relay-stack').findResources('AWS::CloudWatch::Alarm'));
    expect(others.map(({ Properties }) => nameOf(Properties))).not.toContain(AlarmName.NothingPosted);
  });

  it.each(Object.values(AlarmName))('%s has a section that says what it means, how to look and how to mend', (name) => {
    const alarm = alarms.find((candidate) => nameOf(candidate) === name);
    expect(alarm?.AlarmDescription).toContain(`docs/operating.md#${name.toLowerCase()}`);
    const section = page.split(/^#+ /m).find((text) => text.startsWith(`${name}\n`)) ?? '';
    for (const part of ['**Means:**', '**Look:**', '**Mend:**']) expect(section).toContain(part);
  });

  it('are sent to the topic, as is their end, and say how they treat missing data', () => {
    const [topicId] = Object.keys(template.findResources('AWS::SNS::Topic'));
    for (const alarm of alarms) {
      expect(alarm.AlarmActions).toEqual([{ Ref: topicId }]);
      expect(alarm.OKActions).toEqual([{ Ref: topicId }]);
      const expected = nameOf(alarm) === AlarmName.NothingPosted ? 'breaching' : 'notBreaching';
      expect([nameOf(alarm), alarm.TreatMissingData]).toEqual([nameOf(alarm), expected]);
    }
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@acme.test' });
  });

  it('go to a topic that was given', () => {
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

  it('know that a backlog behind a rate limit takes its time', () => {
    const { Metrics } = alarms.find((alarm) => nameOf(alarm) === AlarmName.BacklogTooOld) ?? {};
    const expression = Metrics.find(({ Expression }: { Expression?: string }) => Expression !== undefined).Expression;
    // The expression in JavaScript's words: FILL(x, 0) gives 0 for what is missing.
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
    // A thousand files at ten a minute, from the first to the last of them.
    for (let age = 0; age <= 100 * 60; age += 60) expect(evaluate(age, 100 * 60 - age)).toBeLessThan(1);
    // Two days were allowed, three are needed; or the queue does not move although its drain time is short.
    expect(evaluate(hours(1), hours(72))).toBeGreaterThan(1);
    expect(evaluate(hours(48), hours(1))).toBeGreaterThan(1);
  });
});

describe('docs/operating.md', () => {
  const failure = sources('lambdas/relay/domain/failure.ts');
  const union = failure.match(/export type Reason =([^;]+);/)?.[1] ?? '';
  const reasons = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, reason = '']) => reason);
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.+) \| (.+) \| (.+) \|$/gm)];

  it('explains every reason, and no other', () => {
    expect(reasons.length).toBeGreaterThan(20);
    expect(rows.map(([, reason]) => reason)).toEqual(reasons);
  });

  it('names every saved query', () => {
    for (const name of Object.keys(LOG_QUERIES)) expect(page).toContain(`\`${name}\``);
    template.resourceCountIs('AWS::Logs::QueryDefinition', Object.keys(LOG_QUERIES).length);
  });

  it('uses outputs that the stack has, and leads to sections that exist', () => {
    const outputs = Object.keys(template.findOutputs('*'));
    for (const [, name] of page.matchAll(/\$\((?:out|arn) "?(\w+)/g)) {
      if (name !== 'queue') expect(outputs).toContain(name);
    }
    const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title.toLowerCase().replaceAll(' ', '-'));
    for (const [, anchor] of page.matchAll(/\]\(#([\w-]+)\)/g)) expect(anchors).toContain(anchor);
  });
});

describe('the metrics', () => {
  const relay = withApp((app) => {
    const stack = new Stack(app, 'Mine');
    return new RocketChatRelay(stack, 'Relay', { rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#a' }] });
  });

  it.each(Object.values(Metric))('have a method for %s', (name) => {
    const method = Reflect.get(relay, `metric${name}`) as ((options?: object) => IMetric) | undefined;
    expect(method).toBeTypeOf('function');
    const { metricStat } = method?.call(relay, { label: 'mine' }).toMetricConfig() ?? {};
    expect(metricStat).toMatchObject({
      namespace: METRICS_NAMESPACE,
      metricName: name,
      dimensions: [{ name: 'service', value: relay.serviceName }],
    });
  });

  it('are those of this relay', () => {
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

  it('answers its questions', () => {
    for (const title of ['Is it flowing?', 'How far behind?', 'What fails?', 'Why?', 'Dollars an hour', 'Alarms']) {
      expect(body).toContain(title);
    }
  });

  it('is left out on request', () => {
    const own = reviewedTemplate('existing-buckets');
    own.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});
