import type { IncomingMessage } from 'node:http';
import type { Fault } from '../../../lib/local/chat-server/calls/fault.ts';
import type { FaultRule } from '../../../lib/local/chat-server/calls/fault-plan.ts';
import type { ProxyFault } from '../../../lib/local/front-proxy/front-proxy.ts';
import { pick, seededRandom } from './random.ts';

export type CountFault = (name: string) => void;

/** What the chat server's world does besides failing. Each can be left out, to find out which of them broke a promise. */
export const HAZARDS = ['proxy', 'clocks', 'bots', 'nulls', 'rooms', 'headers', 'events'] as const;
export type Hazard = (typeof HAZARDS)[number];

/** The share of each server's calls that fail. */
const CHAT_FAULTS = 0.16;
const CHAT_PROXY_FAULTS = 0.06;
const S3_FAULTS = 0.08;
const DYNAMODB_FAULTS = 0.15;
/** A commit that comes later than this would be in the documented gap: see `confirmAgainAfterSeconds` of the run. */
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
  { kind: 'expire-uploads' },
  { kind: 'invalid-json', commit: true },
  { kind: 'commit-late', delayMs: 300 },
  { kind: 'commit-late', delayMs: LATEST_COMMIT_MS },
];

const NULLS: readonly Fault[] = [{ kind: 'message-null' }, { kind: 'message-null', commit: true }];

const LOOK: readonly Fault[] = [{ kind: 'reset-before' }, { kind: 'answer', status: 502 }, { kind: 'failure' }];

/** Faults of the chat server. */
export const chatFaults = (
  seed: number,
  hazards: ReadonlySet<Hazard>,
  isIll: () => boolean,
  count: CountFault,
): FaultRule => {
  const random = seededRandom(seed, 'chat');
  const mediaConfirm = hazards.has('nulls') ? [...CONFIRM, ...NULLS] : CONFIRM;
  const faults: Partial<Record<string, readonly Fault[]>> = { media: MEDIA, mediaConfirm, syncMessages: LOOK };
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

/** The answers of a proxy that say nothing about the call. A 413 to an upload is left out: it refuses the file. */
const PROXY_STATUSES: readonly (readonly [path: string, statuses: readonly number[]])[] = [
  ['/rooms.mediaConfirm/', [202, 204, 302, 403, 404, 413, 499, 502]],
  ['/rooms.media/', [202, 204, 302, 403, 404, 499, 502]],
  ['/chat.syncMessages', [302, 403, 502]],
];

/** A proxy between the function and the chat server answers for it, before or after the server has acted. */
export const chatProxyFaults = (
  seed: number,
  hazards: ReadonlySet<Hazard>,
  isIll: () => boolean,
  count: CountFault,
) => {
  const random = seededRandom(seed, 'chat proxy');
  return ({ url = '' }: IncomingMessage): ProxyFault | undefined => {
    const [path, statuses] = PROXY_STATUSES.find(([part]) => url.includes(part)) ?? [];
    if (!hazards.has('proxy') || path === undefined || statuses === undefined) return undefined;
    if (!isIll() || random() >= CHAT_PROXY_FAULTS) return undefined;
    const status = pick(statuses, random);
    const when = pick(['before', 'after'] as const, random);
    count(`proxy: answers ${path.replaceAll('/', '')} with ${status} ${when} the server acted`);
    const json = { contentType: 'application/json', body: '{"message":"request denied"}' };
    return { kind: 'answer', when, status, ...(random() < 0.5 ? json : {}) };
  };
};

/** S3 answers 503, or closes the connection in the middle of a body. */
export const s3Faults = (seed: number, isIll: () => boolean, count: CountFault) => {
  const random = seededRandom(seed, 's3');
  return ({ method }: IncomingMessage): ProxyFault | undefined => {
    if (method !== 'GET' || !isIll() || random() >= S3_FAULTS) return undefined;
    if (random() < 0.5) {
      count('S3: answers 503 SlowDown');
      const body =
        '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';
      return { kind: 'answer', when: 'before', status: 503, contentType: 'application/xml', body };
    }
    count('S3: closes the connection in the body');
    return { kind: 'cut-answer' };
  };
};

/** DynamoDB throttles, or carries a call out and loses its answer. */
export const dynamoDbFaults = (seed: number, isIll: () => boolean, count: CountFault) => {
  const random = seededRandom(seed, 'dynamodb');
  return (): ProxyFault | undefined => {
    if (!isIll() || random() >= DYNAMODB_FAULTS) return undefined;
    if (random() < 0.3) {
      count('DynamoDB: loses its answer');
      return { kind: 'drop-answer' };
    }
    count('DynamoDB: throttles');
    const type = 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException';
    return {
      kind: 'answer',
      when: 'before',
      status: 400,
      contentType: 'application/x-amz-json-1.0',
      body: JSON.stringify({ __type: type }),
    };
  };
};
