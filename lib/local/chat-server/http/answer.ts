/** What an endpoint answers; the body goes out as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export const success = (result: object): Answer => ({ status: 200, body: { ...result, success: true } });

/** Most of what goes wrong, passing faults included, is a 400 (Rocket.Chat, `ApiClass.ts`). */
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

/** Says "unauthorized" for compatibility's sake until Rocket.Chat 9. */
export const forbidden = (): Answer => ({ status: 403, body: { success: false, error: 'unauthorized' } });

/** A known endpoint that knows no such thing; an unknown endpoint answers 404 in plain text instead. */
export const notFound = (): Answer => ({ status: 404, body: { success: false, error: 'Resource not found' } });

export const tooManyRequests = (waitSeconds: number): Answer => ({
  status: 429,
  body: {
    success: false,
    error: `Error, too many requests. Please slow down. You must wait ${waitSeconds} seconds before trying this endpoint again. [error-too-many-requests]`,
  },
});
