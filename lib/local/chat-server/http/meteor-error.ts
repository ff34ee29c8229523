import type { ServerVersion } from '../state/world.ts';
import { type Answer, failure, forbidden } from './answer.ts';

/** An error with a code, which becomes the answer's `errorType`. Other errors become a 400 without an `errorType`. */
export class MeteorError extends Error {
  readonly errorType: string;
  readonly details: unknown;

  constructor(errorType: string, reason?: string, details?: unknown) {
    super(reason === undefined ? `[${errorType}]` : `${reason} [${errorType}]`);
    this.name = 'MeteorError';
    this.errorType = errorType;
    this.details = details;
  }
}

/** Thrown by an endpoint to give an answer other than 400. */
export class AnswerError extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`The endpoint answers ${answer.status}.`);
    this.name = 'AnswerError';
    this.answer = answer;
  }
}

/** The client closed the connection before its request was complete, so no answer can be sent. */
export class ClientGoneError extends Error {
  constructor() {
    super('The client closed the connection before its request was complete.');
    this.name = 'ClientGoneError';
  }
}

/** Rocket.Chat answers an exception of a handler with 400, not with 500; with two exceptions (`ApiClass.ts`). */
export const answerToError = (error: unknown, version: ServerVersion): Answer => {
  if (error instanceof AnswerError) return error.answer;
  if (error instanceof MeteorError) {
    const isNew = version === '9.x';
    switch (error.errorType) {
      case 'error-unauthorized':
        if (isNew) return { status: 401, body: { success: false, error: error.message } };
        return forbidden(version, error.message);
      case 'error-forbidden':
        if (isNew) return forbidden(version, error.message);
    }
    return failure(error.message, error.errorType, error.details);
  }
  return failure(error instanceof Error ? error.message : String(error));
};
