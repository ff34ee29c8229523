import { describe, expect, it } from 'vitest';
import { synthesise } from './synthesise.ts';
import { mustPrecede, type Step, transition } from './transition.ts';

const EXISTING = { bucketName: 'acme-lake' };
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555';

const steps = (from: Record<string, unknown>, to: Record<string, unknown>): Step[] =>
  transition(synthesise(from).template, synthesise(to).template);

/** The steps as text, without the hashes in ids. Alarms, the dashboard and CDK's own handler are left out. */
const summary = (all: readonly Step[]): string[] =>
  all
    .filter(
      ({ id, type }) =>
        !/CloudWatch/.test(type) && !/^BucketNotificationsHandler|NotificationsLog|HandlerPolicy/.test(id),
    )
    .map(({ kind, id }) => `${kind} ${id.replace(/[0-9A-F]{8}$/, '')}`);

const idOf = (relay: Record<string, unknown>, type: string): string =>
  Object.keys(synthesise(relay).template.findResources(type))[0] ?? '';

const NOTIFICATIONS = 'Custom::S3BucketNotifications';
const RULE = 'AWS::Events::Rule';

describe('eventBridge for the new bucket', () => {
  it('turned on, adds the rule and then updates the notifications; nothing is removed that writes to the bucket', () => {
    const all = steps({}, { eventBridge: true });
    expect(summary(all)).toEqual(['add RelayUploadsRule', 'update RelayUploadsNotifications']);
    const to = { eventBridge: true };
    expect(mustPrecede(synthesise(to).template, idOf(to, RULE), idOf(to, NOTIFICATIONS))).toBe(true);
  });

  it('turned off, updates the notifications and then removes the rule', () => {
    expect(summary(steps({ eventBridge: true }, {}))).toEqual([
      'update RelayUploadsNotifications',
      'remove RelayUploadsRule',
    ]);
  });
});

describe('eventBridge for an existing bucket', () => {
  it('turned on, adds the rule and then removes the notifications', () => {
    const all = steps(EXISTING, { ...EXISTING, eventBridge: true });
    expect(summary(all)).toEqual(['add RelayUploadsRule', 'remove BucketacmelakeNotifications']);
  });

  it('turned off, adds the notifications and then removes the rule', () => {
    const all = steps({ ...EXISTING, eventBridge: true }, EXISTING);
    expect(summary(all)).toEqual(['add BucketacmelakeNotifications', 'remove RelayUploadsRule']);
  });
});

it.each([{ eventBridge: true }, { ...EXISTING, eventBridge: true }, { encryptionKeyArn: KEY, eventBridge: true }])(
  'a change of eventBridge does not change who may send to the queues (%j)',
  (on) => {
    const policies = (relay: Record<string, unknown>) =>
      synthesise(relay).template.findResources('AWS::SQS::QueuePolicy');
    const { eventBridge: _, ...off } = on;
    expect(Object.keys(policies(on))).toHaveLength(2);
    expect(policies(on)).toEqual(policies(off));
  },
);

describe('the bucket', () => {
  it('stays when an existing one takes its place, and its notifications are removed', () => {
    expect(summary(steps({}, EXISTING))).toEqual([
      'update RelayQueuePolicy',
      'add BucketacmelakeNotifications',
      'update RelayRoleDefaultPolicy',
      // BUCKET_NAMES
      'update RelayFunction',
      'remove RelayUploadsNotifications',
      'remove RelayUploadsPolicy',
      'keep RelayUploads',
    ]);
  });

  it('is added when no existing one is named any more, and the notifications of the old one are removed', () => {
    const all = summary(steps(EXISTING, {}));
    expect(all.slice(0, 1)).toEqual(['add RelayUploads']);
    expect(all.slice(-1)).toEqual(['remove BucketacmelakeNotifications']);
  });

  it('loses its notifications when another bucket is named', () => {
    const all = summary(steps(EXISTING, { bucketName: 'acme-scans' }));
    expect(all.slice(-1)).toEqual(['remove BucketacmelakeNotifications']);
    expect(all).toContain('add BucketacmescansNotifications');
    expect(
      summary(steps({ bucketNames: ['acme-lake', 'acme-scans'] }, { bucketNames: ['acme-scans', 'acme-lake'] })),
    ).not.toContainEqual(expect.stringMatching(/^(add|remove|update) Bucket/));
  });
});

const TOGGLES: readonly (readonly [name: string, on: Record<string, unknown>, added: readonly string[]])[] = [
  ['versioned', { versioned: true }, []],
  ['tracing', { tracing: true }, []],
  ['proxyUrl', { proxyUrl: 'http://proxy.acme.test:3128' }, []],
  ['certificateAuthorityFile', { certificateAuthorityFile: 'test/infra/authority.pem' }, []],
  ['encryptionKeyArn', { encryptionKeyArn: KEY }, []],
  ['alarmEmail', { alarmEmail: 'ops@acme.test' }, ['AWS::SNS::Subscription']],
  ['quietAlarmAfterHours', { quietAlarmAfterHours: 24 }, ['AWS::CloudWatch::Alarm']],
  ['vpc', { vpc: { vpcId: 'vpc-01234567', subnetIds: ['subnet-01234567'] } }, ['AWS::EC2::SecurityGroup']],
];

describe.each(TOGGLES)('%s', (_name, on, added) => {
  it('turned on, adds what it needs and removes or replaces nothing', () => {
    const all = steps({}, on).filter(({ kind }) => kind !== 'update');
    expect(all.map(({ kind, type }) => [kind, type])).toEqual(added.map((type) => ['add', type]));
  });

  it('turned off, removes what it added and replaces nothing', () => {
    const all = steps(on, {}).filter(({ kind }) => kind !== 'update');
    expect(all.map(({ kind, type }) => [kind, type])).toEqual(added.map((type) => ['remove', type]));
  });
});

describe('dashboard', () => {
  it('turned off, removes the dashboard only; turned on, it adds it only', () => {
    const kinds = (all: readonly Step[]) => all.map(({ kind, type }) => `${kind} ${type}`);
    expect(kinds(steps({}, { dashboard: false }))).toEqual(['remove AWS::CloudWatch::Dashboard']);
    expect(kinds(steps({ dashboard: false }, {}))).toEqual(['add AWS::CloudWatch::Dashboard']);
  });
});

describe('a resource that the operator brings', () => {
  it.each([
    [
      'secretArn',
      'arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat/bot-AbCdEf',
      'AWS::SecretsManager::Secret',
    ],
    ['alarmTopicArn', 'arn:aws:sns:eu-central-1:123456789012:alarms', 'AWS::SNS::Topic'],
  ])('%s takes the place of the one of the stack, which is removed last, and back', (key, arn, type) => {
    const there = steps({}, { [key]: arn });
    expect(there.filter(({ kind }) => kind === 'add' || kind === 'replace')).toEqual([]);
    expect(there.at(-1)).toMatchObject({ kind: 'remove', type });
    const back = steps({ [key]: arn }, {});
    expect(back.filter(({ kind }) => kind === 'remove' || kind === 'replace')).toEqual([]);
    expect(back.filter(({ kind }) => kind === 'add').map((step) => step.type)).toContain(type);
  });
});
