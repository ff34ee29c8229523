import { commandLine } from '../../shell.ts';
import { type Check, type Finding, found, ok } from '../check.ts';
import { stackOf, type World } from '../world.ts';
import { type QueueState, queueOf } from './queue.ts';

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Action?: unknown;
  readonly Condition?: unknown;
}

/** Whether S3 may send, and where SQS puts what was received too often. Statements that deny are not judged. */
export const queuePolicy: Check = {
  name: 'queue-policy',
  group: 'aws',
  needs: 'stack',
  about: 'S3 may send to the queue, and its dead-letter queue is set',
  async run(world) {
    const { buckets } = stackOf(world);
    const [queue, deadLetters] = await Promise.all([queueOf(world), queueOf(world, 'deadLetterQueueUrl')]);
    const findings = [...senderFindings(world, queue, buckets), ...redriveFindings(world, queue, deadLetters)];
    return findings.length === 0
      ? ok('S3 may send; the dead-letter queue is set')
      : found('it was changed', ...findings);
  },
};

const senderFindings = (world: World, { queueArn, attributes }: QueueState, buckets: readonly string[]): Finding[] => {
  const policy = policyOf(attributes['Policy']);
  // EventBridge's own permission names the rule, so it does not replace S3's: the stack always writes both.
  const allowed = policy.Statement.filter(
    ({ Effect, Principal, Action }) =>
      Effect === 'Allow' && textsIn(Principal).includes('s3.amazonaws.com') && textsIn(Action).some(isSend),
  );
  const missing = buckets.filter((bucket) => !allowed.some(({ Condition }) => namesBucket(Condition, bucket)));
  if (missing.length === 0) return [];
  const [, partition = 'aws', , , account = ''] = queueArn.split(':');
  const statement = {
    Sid: 'UploadsBucketOnly',
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: {
      ArnEquals: { 'aws:SourceArn': buckets.map((bucket) => `arn:${partition}:s3:::${bucket}`) },
      StringEquals: { 'aws:SourceAccount': account },
    },
  };
  const others = policy.Statement.filter((entry) => (entry as { Sid?: unknown }).Sid !== statement.Sid);
  const mended = { Version: '2012-10-17', Statement: [...others, statement] };
  return [
    {
      level: 'problem',
      what: `The queue's policy does not allow S3 to send the events of ${missing.join(', ')}.`,
      why: 'S3 drops the events of new objects, so nobody posts them.',
      mend: setAttributes(world, { Policy: JSON.stringify(mended) }),
    },
  ];
};

const redriveFindings = (world: World, { attributes }: QueueState, deadLetters: QueueState): Finding[] => {
  const { deadLetterTargetArn, maxReceiveCount } = parse(attributes['RedrivePolicy']) as Record<string, unknown>;
  if (deadLetterTargetArn === deadLetters.queueArn) return [];
  const policy = { deadLetterTargetArn: deadLetters.queueArn, maxReceiveCount: maxReceiveCount ?? 990 };
  return [
    {
      level: 'problem',
      what: 'The uploads queue has no dead-letter queue, or another one than the relay’s.',
      why: 'A message whose deliveries crash is received without end, or its object ends where nobody looks.',
      mend: setAttributes(world, { RedrivePolicy: JSON.stringify(policy) }),
    },
  ];
};

const setAttributes = (world: World, attributes: Record<string, string>): string => {
  const { queueUrl, region } = stackOf(world);
  return commandLine(
    ...['aws', 'sqs', 'set-queue-attributes', '--queue-url', queueUrl, '--region', region],
    ...['--attributes', JSON.stringify(attributes)],
  );
};

const policyOf = (text: string | undefined): { readonly Statement: readonly Statement[] } => {
  const { Statement: statement } = parse(text) as { Statement?: unknown };
  return { Statement: [statement ?? []].flat() as Statement[] };
};

const parse = (text: string | undefined): object => {
  const parsed: unknown = text === undefined || text === '' ? {} : JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null ? parsed : {};
};

const isSend = (action: string): boolean => /^sqs:(\*|SendMessage)$/i.test(action) || action === '*';

const namesBucket = (condition: unknown, bucket: string): boolean => {
  const arns = textsIn(condition).filter((text) => text.startsWith('arn:'));
  // Without a condition on the source every bucket may send.
  return arns.length === 0 || arns.some((arn) => arn.endsWith(`:s3:::${bucket}`) || arn.endsWith(':s3:::*'));
};

/** Every string in a value of a policy. */
const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
};
