import type { IncomingMessage } from 'node:http';
import type { Fault } from '../../../lib/local/chat-server/calls/fault.ts';
import type { FaultRule } from '../../../lib/local/chat-server/calls/fault-plan.ts';
import type { ProxyFault } from './fault-proxy.ts';
import { pick, seededRandom } from './random.ts';

export type CountFault = (name: string) => void;

/** How often the calls of each server go wrong. */
const CHAT_FAULTS = 0.16;
const S3_FAULTS = 0.08;
const DYNAMODB_FAULTS = 0.15;
/** A commit that comes later than this would be in the documented gap; see `confirmAgainAfterSeconds` of the run. */
const LATEST_COMMIT_MS = 2_000;

const MEDIA: readonly Fault[] = [
  { kind: 'reset-before' },
  { kind: 'reset-in-body', afterBytes: 400 },
  { kind: 'reset-after' },
  { kind: 'hang', unread: true },
  { kind: 'answer', status: 502, commit: true },
  { kind: 'answer', status: 503 },
  { kind: 'failure' },
  { kind: 'invalid-json', commit: true },
];

const CONFIRM: readonly Fault[] = [
  { kind: 'reset-before' },
  { kind: 'reset-after' },
  { kind: 'reset-in-answer' },
  { kind: 'hang', commit: true },
  { kind: 'hang' },
  { kind: 'answer', status: 502, commit: true },
  { kind: 'answer', status: 502 },
  { kind: 'failure', commit: true },
  { kind: 'failure' },
  { kind: 'message-null' },
  { kind: 'expire-uploads' },
  { kind: 'invalid-json', commit: true },
  { kind: 'commit-late', delayMs: 300 },
  { kind: 'commit-late', delayMs: LATEST_COMMIT_MS },
];

const LOOK: readonly Fault[] = [{ kind: 'reset-before' }, { kind: 'answer', status: 502 }, { kind: 'failure' }];

/** What the chat server does to a call. */
export const chatFaults = (seed: number, isIll: () => boolean, count: CountFault): FaultRule => {
  const random = seededRandom(seed, 'chat');
  const faults: Partial<Record<string, readonly Fault[]>> = { media: MEDIA, mediaConfirm: CONFIRM, syncMessages: LOOK };
  return ({ name }) => {
    const kinds = faults[name];
    if (kinds === undefined || !isIll() || random() >= CHAT_FAULTS) return undefined;
    const fault = pick(kinds, random);
    count(`rooms.${name}: ${describe(fault)}`);
    return fault;
  };
};

const describe = (fault: Fault): string => {
  const committed = 'commit' in fault && fault.commit ? ', committed' : '';
  if (fault.kind === 'answer') return `answers ${fault.status}${committed}`;
  if (fault.kind === 'commit-late') return `commits ${fault.delayMs} ms late, no answer`;
  return `${fault.kind}${committed}`;
};

/** S3 answers 503, or breaks off in the middle of a body. */
export const s3Faults = (seed: number, isIll: () => boolean, count: CountFault) => {
  const random = seededRandom(seed, 's3');
  return ({ method }: IncomingMessage): ProxyFault | undefined => {
    if (method !== 'GET' || !isIll() || random() >= S3_FAULTS) return undefined;
    if (random() < 0.5) {
      count('S3: 503 SlowDown');
      const body =
        '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';
      return { kind: 'answer', status: 503, contentType: 'application/xml', body };
    }
    count('S3: breaks off in the body');
    return { kind: 'cut-answer' };
  };
};

/** DynamoDB throttles, or writes and then loses its answer. */
export const dynamoDbFaults = (seed: number, isIll: () => boolean, count: CountFault) => {
  const random = seededRandom(seed, 'dynamodb');
  return (): ProxyFault | undefined => {
    if (!isIll() || random() >= DYNAMODB_FAULTS) return undefined;
    if (random() < 0.3) {
      count('DynamoDB: answer lost after the write');
      return { kind: 'drop-answer' };
    }
    count('DynamoDB: throttled');
    const type = 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
    return {
      kind: 'answer',
      status: 400,
      contentType: 'application/x-amz-json-1.0',
      body: JSON.stringify({ __type: type }),
    };
  };
};
