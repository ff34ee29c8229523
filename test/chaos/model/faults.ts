import { ChatUnreachableError, LedgerError, SourceError } from '../../../lambdas/relay/domain/errors.ts';
import type { Answer } from './chat-model.ts';
import type { Fault } from './process.ts';

/** How each kind of call can fail. "done" took effect before it failed, "late" takes effect after. */

const none = (outcome: () => unknown) => (): Fault => ({ effect: 'none', outcome: outcome() });
const done = (outcome: () => unknown) => (): Fault => ({ effect: 'done', outcome: outcome() });
const late = (lateMs: number, outcome: () => unknown) => (): Fault => ({ effect: { lateMs }, outcome: outcome() });

const answer =
  (status: number, text: string, headers: Answer['headers'] = {}) =>
  (): Answer => ({ status, headers, text });
const chat = (status: number, error: string, errorType?: string) =>
  answer(status, JSON.stringify({ success: false, error, ...(errorType === undefined ? {} : { errorType }) }));
const lost =
  (mayHaveActed = true) =>
  () =>
    new ChatUnreachableError('lost', { code: 'CONNECTION_LOST', mayHaveActed });
const timedOut = () => new ChatUnreachableError('silence', { code: 'TIMED_OUT', mayHaveActed: true });

/** What a proxy, a firewall or a load balancer answers in place of the server: before or after the server acted. */
const html = '<html><body>not Rocket.Chat</body></html>';
const proxyAnswers = [
  answer(403, html),
  answer(404, html),
  answer(302, '', { location: 'https://login.example.com/' }),
  answer(202, ''),
  answer(204, ''),
  answer(499, ''),
  answer(502, html),
  answer(200, html),
  answer(403, '{"error":"blocked by policy"}'),
];

/** The server's own answers to any call, without an effect. */
const chatAnswers = [
  chat(429, 'Error, too many requests. Please slow down. [error-too-many-requests]'),
  chat(400, 'MongoServerSelectionError'),
];

/** For calls that only read. */
export const readFaults = [...chatAnswers, lost(), timedOut, ...proxyAnswers].map(none);

export const mediaFaults = [
  ...readFaults,
  none(chat(400, 'cannot upload [ufs: cannot upload file]', 'ufs: cannot upload file')),
  done(lost()),
  ...proxyAnswers.map(done),
];

export const confirmFaults = [
  ...readFaults,
  none(lost(false)),
  done(lost()),
  done(timedOut),
  // The message is inserted, then the server's database fails: a 400 like any other.
  done(chat(400, 'MongoNetworkError')),
  // The server reads the message back from a replica that does not have it yet.
  done(answer(200, '{"success":true,"message":null}')),
  ...proxyAnswers.map(done),
  // A proxy's limit on bodies.
  done(answer(413, html)),
  late(3_000, lost()),
  late(40_000, lost()),
  late(80_000, answer(502, html)),
  late(30_000, answer(403, html)),
  // Longer than any look waits: the documented gap.
  late(600_000, lost()),
];

const unavailable = () => new LedgerError('throttled', { code: 'LEDGER_UNAVAILABLE' });
export const ledgerFaults = [none(unavailable), done(unavailable)];

export const sourceFaults = [
  none(() => new SourceError('503', { code: 'SOURCE_UNAVAILABLE' })),
  none(() => new SourceError('denied', { code: 'ACCESS_DENIED' })),
];

export const queueFaults = [none(() => new Error('503')), done(() => new Error('503'))];
