import type { IncomingHttpHeaders } from 'node:http';
import type { HttpAnswer, SendHttp } from '../../../lambdas/relay/adapters/rocket-chat/http.ts';
import {
  createRateLimiter,
  type RateLimit,
  type Ruling,
  rateLimitHeaders,
} from '../../../lib/local/chat-server/state/rate-limit.ts';
import type { VirtualTime } from './time.ts';

export interface CallOfChat {
  readonly route: 'media' | 'confirm';
  readonly address: string;
  readonly at: number;
  readonly isAllowed: boolean;
  /** The end of its window, epoch milliseconds; 0 if there is no limit. */
  readonly window: number;
}

export interface VirtualChatOptions {
  readonly time: VirtualTime;
  readonly random: () => number;
  readonly rateLimit: RateLimit | undefined;
  /** How far the server's clock is ahead of the others. @default 0 */
  readonly clockSkewMs?: number | undefined;
  /** @default 150 */
  readonly mediaMs?: number | undefined;
  /** Changes the rate-limit headers on their way. @default no change */
  readonly spoilHeaders?: ((headers: IncomingHttpHeaders, status: number) => IncomingHttpHeaders) | undefined;
}

const CONFIRM_MS = 100;
/**
 * The answer takes no time and does not count towards the limit, because a process resolves its room once in ten
 * minutes.
 */
const ROOM_INFO: HttpAnswer = {
  status: 200,
  headers: {},
  text: JSON.stringify({ success: true, room: { _id: 'GENERAL' } }),
};

/** Of a server without limits for files. A process reads them once in ten minutes. */
const NO_SETTINGS: HttpAnswer = { status: 200, headers: {}, text: JSON.stringify({ success: true, settings: [] }) };

/** Rocket.Chat's two calls and its rate limit, in virtual time. The limit counts a call when it arrives. */
export const createVirtualChat = (options: VirtualChatOptions) => {
  const { time, random, clockSkewMs = 0, mediaMs = 150, spoilHeaders = (headers) => headers } = options;
  const serverNow = () => time.now() + clockSkewMs;
  const limiter = createRateLimiter({ now: serverNow }, options.rateLimit);
  const calls: CallOfChat[] = [];
  const confirmed = new Map<string, number>();
  let files = 0;

  const answer = async (route: CallOfChat['route'], path: string, ruling: Ruling | undefined): Promise<HttpAnswer> => {
    const isAllowed = ruling?.isAllowed ?? true;
    const ms = isAllowed ? (route === 'media' ? mediaMs : CONFIRM_MS) : 5;
    await time.sleep(ms * (0.7 + random() * 0.6));
    const status = isAllowed ? 200 : 429;
    const headers: IncomingHttpHeaders = { date: new Date(serverNow()).toUTCString() };
    for (const [name, value] of Object.entries(ruling === undefined ? {} : rateLimitHeaders(ruling))) {
      headers[name.toLowerCase()] = value;
    }
    return { status, headers: spoilHeaders(headers, status), text: JSON.stringify(bodyOf(route, path, isAllowed)) };
  };

  const bodyOf = (route: CallOfChat['route'], path: string, isAllowed: boolean): object => {
    if (!isAllowed) return { success: false, error: 'too many requests [error-too-many-requests]' };
    if (route === 'media') {
      files += 1;
      return { success: true, file: { _id: `file-${files}` } };
    }
    const fileId = path.split('/').at(-1) ?? '';
    confirmed.set(fileId, (confirmed.get(fileId) ?? 0) + 1);
    return { success: true, message: { _id: `message-of-${fileId}` } };
  };

  return {
    calls,
    setRateLimit: limiter.set,
    /** Messages per file: each should be 1. */
    confirmed: () => [...confirmed.values()],
    uploads: () => files,

    /** The `send` of a process at this address. */
    sendFrom:
      (address: string): SendHttp =>
      async ({ path }) => {
        if (path.includes('/rooms.info?')) return ROOM_INFO;
        if (path.includes('/settings.public?')) return NO_SETTINGS;
        await time.sleep(2 + random() * 8);
        const route = path.includes('/rooms.mediaConfirm/') ? 'confirm' : 'media';
        const ruling = limiter.count(route, address);
        const window = ruling?.resetAt ?? 0;
        calls.push({ route, address, at: time.now(), isAllowed: ruling?.isAllowed ?? true, window });
        return answer(route, path, ruling);
      },
  };
};
export type VirtualChat = ReturnType<typeof createVirtualChat>;
