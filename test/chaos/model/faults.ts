import {
  ChatAnswerError,
  ChatUnreachableError,
  LedgerError,
  SourceError,
} from '../../../lambdas/relay/domain/errors.ts';
import type { Fault } from './process.ts';

/**
 * How each kind of call can fail: without an effect ("none"), after its effect ("done") or before its effect ("late").
 */

const answer = (status: number, errorType?: string) => new ChatAnswerError(`answered ${status}`, { status, errorType });
const lost = (mayHaveActed = true) => new ChatUnreachableError('lost', { code: 'CONNECTION_LOST', mayHaveActed });
const none = (error: () => Error) => (): Fault => ({ effect: 'none', error: error() });
const done = (error: () => Error) => (): Fault => ({ effect: 'done', error: error() });
const late = (lateMs: number, error: () => Error) => (): Fault => ({ effect: { lateMs }, error: error() });

/** For calls that only read. */
export const chatFaults = [
  none(() => answer(502)),
  none(() => lost()),
  none(() => answer(400)),
  none(() => answer(401)),
  none(() => answer(403)),
  none(() => new ChatAnswerError('429', { status: 429 })),
];

export const mediaFaults = [
  ...chatFaults,
  none(() => answer(400, 'ufs: cannot upload file')),
  none(() => answer(413)),
  done(() => lost()),
  done(() => answer(502)),
];

export const confirmFaults = [
  ...chatFaults,
  none(() => answer(200, 'message-null')),
  none(() => lost(false)),
  done(() => lost()),
  done(() => answer(502)),
  // The server's database fails after the message is inserted. The answer is the same as for other errors.
  done(() => answer(400)),
  done(() => new ChatUnreachableError('silence', { code: 'TIMED_OUT', mayHaveActed: true })),
  late(3_000, () => lost()),
  late(40_000, () => lost()),
  late(80_000, () => answer(502)),
  // The effect follows after the last look. This is the documented gap.
  late(600_000, () => lost()),
];

const unavailable = () => new LedgerError('throttled', { code: 'LEDGER_UNAVAILABLE' });
export const ledgerFaults = [none(unavailable), done(unavailable)];

export const sourceFaults = [
  none(() => new SourceError('503', { code: 'SOURCE_UNAVAILABLE' })),
  none(() => new SourceError('denied', { code: 'ACCESS_DENIED' })),
];

export const queueFaults = [none(() => new Error('503')), done(() => new Error('503'))];
