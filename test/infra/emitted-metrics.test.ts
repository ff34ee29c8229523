import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { METRICS_NAMESPACE, Metric } from '../../lambdas/relay/names.ts';
import { type LocalRelay, startLocalRelay } from '../../lib/local/index.ts';
import { CONFIGURATIONS, templateOf } from './configurations.ts';

/** A metric that the function wrote in Embedded Metric Format. */
interface Emitted {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: readonly (readonly string[])[];
  readonly service: unknown;
}

const SERVICE = 'Mine-Relay';
const emitted: Emitted[] = [];
const written: string[] = [];
let relay: LocalRelay;

/** Runs the deployed bundle through a situation for each metric. */
beforeAll(async () => {
  relay = await startLocalRelay({
    settings: {
      routes: [
        { prefix: 'lost/', room: '#nowhere' },
        { prefix: 'in/', room: '#general' },
        { prefix: '0d9a3f0e', room: '#general' },
      ],
      requireMalwareScan: true,
    },
    environment: { POWERTOOLS_SERVICE_NAME: SERVICE },
    onLine(line) {
      written.push(line);
      emitted.push(...metricsIn(line));
    },
    onUpload: (_object, eventBody) => events.push(eventBody),
  });
  const events: string[] = [];
  const put = (Key: string, Body = 'content', result = 'NO_THREATS_FOUND') => {
    const Tagging = `GuardDutyMalwareScanStatus=${result}`;
    return relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key, Body, Tagging }));
  };
  const seen = (...names: string[]) =>
    vi.waitFor(() => expect(emitted.map(({ name }) => name)).toEqual(expect.arrayContaining(names)), {
      timeout: 60_000,
    });

  await put('in/posted.txt');
  await seen('ObjectsPosted', 'BytesPosted', 'RelayLatency');
  await relay.clients.sqs.send(new SendMessageCommand({ QueueUrl: relay.queueUrl, MessageBody: events[0] }));
  await put('elsewhere.txt');
  await put('in/empty.txt', '');
  await put('in/infected.txt', 'content', 'THREATS_FOUND');
  await put('lost/letter.txt');
  await put('0d9a3f0e-5d0f-4c1e-9f6e-8a1c2b3d4e5f/uploads/GENERAL/rocket.cat/24CsGvSbGZZ4jgHqd');
  await seen(
    'DuplicatesSkipped',
    'Ignored',
    'Refused',
    'DeadLettered',
    'Misconfigured',
    'LoopSuspected',
    'MalwareFound',
    'OldestWaiting',
  );
  relay.chat?.faults.next('media', { kind: 'answer', status: 503 });
  await put('in/retried.txt');
  await seen('Retried');
  relay.chat?.faults.next('media', { kind: 'rate-limited', resetInMs: 1_500 });
  await put('in/throttled.txt');
  await seen('Throttled');
  await put('in/after.txt');
  await seen('ExpectedDrainTime');
}, 180_000);
afterAll(() => relay.close());

const metricsIn = (line: string): Emitted[] => {
  if (!line.startsWith('{') || !line.includes('"_aws"')) return [];
  const json = JSON.parse(line) as {
    service?: unknown;
    _aws: {
      CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
    };
  };
  return json._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Metrics.map(({ Name, Unit }) => ({
      namespace: Namespace,
      name: Name,
      unit: Unit,
      dimensions: Dimensions,
      service: json.service,
    })),
  );
};

describe('the metrics that the function writes', () => {
  it('are exactly those of Metric', () => {
    expect([...new Set(emitted.map(({ name }) => name))].filter((name) => name !== 'ColdStart').sort()).toEqual(
      Object.values(Metric).sort(),
    );
  });

  it('have the namespace and the dimension that alarms and widgets use', () => {
    for (const { namespace, dimensions, service } of emitted) {
      expect([namespace, dimensions, service]).toEqual([METRICS_NAMESPACE, [['service']], SERVICE]);
    }
  });

  it('include every metric of an alarm or a widget', () => {
    const used = Object.keys(CONFIGURATIONS).flatMap(metricsUsedIn);
    const own = used.filter(({ namespace }) => namespace === METRICS_NAMESPACE);
    expect(own.length).toBeGreaterThan(10);
    for (const { name, dimensions } of own) {
      expect(emitted.map((metric) => metric.name)).toContain(name);
      expect(dimensions).toEqual(['service']);
    }
    const others = used
      .filter(({ namespace }) => namespace !== METRICS_NAMESPACE)
      .map(({ namespace, name }) => `${namespace} ${name}`);
    expect([...new Set(others)].sort()).toEqual(OF_AWS);
  });

  it('have, with the log lines, about the size that the cost estimate assumes', () => {
    const isDelivery = (line: string) => line.includes('"message":"delivery"');
    const bytes = (lines: readonly string[]) => lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
    const deliveries = written.filter(isDelivery);
    const metricLines = written.filter((line) => line.includes('"_aws"'));
    // The metrics are written once per batch of ten; Lambda adds three lines with 300 bytes in total.
    const perObject = bytes(deliveries) / deliveries.length + (bytes(metricLines) / metricLines.length + 300) / 10;
    expect(perObject).toBeGreaterThan(600);
    expect(perObject).toBeLessThan(1_000);
  });
});

/** Metrics that AWS services write, named as in each service's documentation. */
const OF_AWS = [
  'AWS/DynamoDB ConsumedWriteCapacityUnits',
  'AWS/Lambda Duration',
  'AWS/Lambda Errors',
  'AWS/Lambda Invocations',
  'AWS/Lambda Throttles',
  'AWS/Logs IncomingBytes',
  'AWS/SQS ApproximateAgeOfOldestMessage',
  'AWS/SQS ApproximateNumberOfMessagesNotVisible',
  'AWS/SQS ApproximateNumberOfMessagesVisible',
  'AWS/SQS NumberOfEmptyReceives',
  'AWS/SQS NumberOfMessagesDeleted',
  'AWS/SQS NumberOfMessagesReceived',
  'AWS/SQS NumberOfMessagesSent',
];

const metricsUsedIn = (name: string) => {
  const template = templateOf(name);
  const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).flatMap(({ Properties }) => [
    Properties,
    ...(Properties.Metrics ?? []).flatMap(
      ({ MetricStat }: { MetricStat?: { Metric: unknown } }) => MetricStat?.Metric ?? [],
    ),
  ]);
  const ofAlarms = alarms
    .filter(({ MetricName }) => MetricName !== undefined)
    .map(({ Namespace, MetricName, Dimensions }) => ({
      namespace: String(Namespace),
      name: String(MetricName),
      dimensions: (Dimensions as { Name: string }[]).map(({ Name }) => Name),
    }));
  return [
    ...ofAlarms,
    ...Object.values(template.findResources('AWS::CloudWatch::Dashboard')).flatMap(metricsOfDashboard),
  ];
};

const metricsOfDashboard = ({ Properties }: Record<string, Record<string, never>>) => {
  // CloudFormation inserts names of resources into the strings.
  const body: { 'Fn::Join': [string, unknown[]] } | undefined = Properties?.['DashboardBody'];
  const parts = body?.['Fn::Join'][1] ?? [];
  const text = parts.map((part) => (typeof part === 'string' ? part : 'NAME')).join('');
  const { widgets } = JSON.parse(text) as { widgets: { properties: { metrics?: unknown[][] } }[] };
  return widgets
    .flatMap(({ properties }) => properties.metrics ?? [])
    .filter(([first]) => typeof first === 'string')
    .map((metric) => ({
      namespace: String(metric[0]),
      name: String(metric[1]),
      dimensions: metric.slice(2).filter((part, i): part is string => i % 2 === 0 && typeof part === 'string'),
    }));
};
