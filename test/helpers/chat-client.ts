import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createRocketChat } from '../../lambdas/relay/adapters/rocket-chat/chat.ts';
import { type ClientDeps, createClient } from '../../lambdas/relay/adapters/rocket-chat/client.ts';
import { createSendHttp, type HttpOptions, type TimeLimits } from '../../lambdas/relay/adapters/rocket-chat/http.ts';
import { createNotices } from '../../lambdas/relay/adapters/rocket-chat/notices.ts';
import { createRooms } from '../../lambdas/relay/adapters/rocket-chat/rooms.ts';
import { createServerLimits, type ServerLimitsCache } from '../../lambdas/relay/adapters/rocket-chat/server-limits.ts';
import { createThreads } from '../../lambdas/relay/adapters/rocket-chat/threads.ts';
import type { Credentials, CredentialsSource } from '../../lambdas/relay/adapters/secrets-manager/credentials.ts';
import type { Chat, Clock, Logger, Notices, OutgoingFile, Rooms, Threads } from '../../lambdas/relay/ports.ts';

/** A secret that a test can change. The client reads it again only after the server has refused it. */
export interface TestSecret extends CredentialsSource {
  stored: Credentials;
  renewals: number;
}

export const createTestSecret = (stored: Credentials): TestSecret => {
  let cached = stored;
  return {
    stored,
    renewals: 0,
    current: async () => cached,
    async renew(refused) {
      this.renewals += 1;
      cached = this.stored;
      return cached.authToken !== refused.authToken;
    },
  };
};

export interface PacerCall {
  readonly kind: 'observe' | 'rejected';
  readonly call: string;
  readonly value: unknown;
}

export interface ChatUnderTest {
  readonly chat: Chat;
  readonly rooms: Rooms;
  readonly limits: ServerLimitsCache;
  readonly notices: Notices;
  readonly threads: Threads;
  readonly secret: TestSecret;
  /** The calls of the pacer. */
  readonly paced: PacerCall[];
}

/** Short enough for tests, long enough for a busy machine. */
export const SHORT_LIMITS: TimeLimits = { connectMs: 2_000, silenceMs: 60, callMs: 60 };

/** The function's Rocket.Chat adapters, connected to the given server. */
export const chatUnderTest = (
  server: { url: string; userId: string; authToken: string },
  { limits, clock = { now: Date.now } }: { limits?: HttpOptions; clock?: Clock } = {},
): ChatUnderTest => {
  const secret = createTestSecret({ userId: server.userId, authToken: server.authToken });
  const paced: PacerCall[] = [];
  const pacer: ClientDeps['pacer'] = {
    observe: (call, value) => void paced.push({ kind: 'observe', call, value }),
    rejected: (call, value) => void paced.push({ kind: 'rejected', call, value }),
  };
  const client = createClient({ send: createSendHttp(new URL(server.url), limits), credentials: secret, clock, pacer });
  const rooms = createRooms({ client, clock });
  const serverLimits = createServerLimits({ client, clock, logger: SILENT });
  const chat = createRocketChat(client, rooms, serverLimits);
  const threads = createThreads({ client, clock });
  return { chat, rooms, threads, limits: serverLimits, notices: createNotices(client), secret, paced };
};

const SILENT: Logger = { info: () => {}, warn: () => {}, error: () => {} };

/** A file with this content. */
export const fileOf = (
  content: string | Buffer,
  overrides: Partial<Omit<OutgoingFile, 'source'>> = {},
): OutgoingFile => {
  const bytes = Buffer.from(content);
  return fileFrom(Readable.from(chunksOf(bytes), { objectMode: false }), bytes.length, overrides);
};

/** A file from a stream, whose length may differ from `sizeBytes`. */
export const fileFrom = (
  body: Readable,
  sizeBytes: number,
  overrides: Partial<Omit<OutgoingFile, 'source'>> = {},
): OutgoingFile => ({
  name: 'report.pdf',
  contentType: 'application/pdf',
  source: { sizeBytes, contentType: 'application/pdf', body, close: () => body.destroy() },
  ...overrides,
});

/** Each chunk has its own memory, as chunks of a socket do, because the sender frees it. */
function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield Buffer.copyBytesFrom(bytes, at, 65_536);
}

export const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
