import type { ServerVersion } from '../state/world.ts';

/** An endpoint's answer. The body is sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export const success = (result: object): Answer => ({ status: 200, body: { ...result, success: true } });

/** Rocket.Chat answers most errors with 400, transient ones included (`ApiClass.ts`). */
export const failure = (error?: string, errorType?: string, details?: unknown): Answer => ({
  status: 400,
  body: {
    success: false,
    ...(error !== undefined && { error }),
    ...(errorType !== undefined && { errorType }),
    ...(details !== undefined && { details }),
  },
});

const LOGIN_NEEDED = 'You must be logged in to do this.';
export const unauthorized = (): Answer => ({
  status: 401,
  body: { success: false, error: LOGIN_NEEDED, status: 'error', message: LOGIN_NEEDED },
});

/** Rocket.Chat keeps the text "unauthorized" for compatibility until version 9. */
export const forbidden = (version: ServerVersion, error?: string): Answer => ({
  status: 403,
  body: { success: false, error: error ?? (version === '9.x' ? 'forbidden' : 'unauthorized') },
});

/** The 404 of an existing endpoint. An unknown path answers 404 in plain text instead. */
export const notFound = (): Answer => ({ status: 404, body: { success: false, error: 'Resource not found' } });

export const tooManyRequests = (waitSeconds: number): Answer => ({
  status: 429,
  body: {
    success: false,
    error: `Error, too many requests. Please slow down. You must wait ${waitSeconds} seconds before trying this endpoint again. [error-too-many-requests]`,
  },
});

const DEFAULT_COUNT = 50;

/** The page of a list that the query's `offset` and `count` select, with the counts that the answer has beside it. */
export const pageOf = <T>(items: readonly T[], query: URLSearchParams) => {
  const offset = wholeNumber(query.get('offset')) ?? 0;
  const count = wholeNumber(query.get('count')) ?? DEFAULT_COUNT;
  const page = items.slice(offset, count === 0 ? undefined : offset + count);
  return { page, count: page.length, offset, total: items.length };
};

const wholeNumber = (text: string | null): number | undefined =>
  text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
