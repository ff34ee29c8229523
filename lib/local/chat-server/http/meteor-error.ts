import { type Answer, failure } from './answer.ts';

/** An error with a code, which becomes the answer's `errorType`. Other errors answer 400 without one. */
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

/** Ends an endpoint with an answer that is not a 400. */
export class AnswerError extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(`The endpoint answers ${answer.status}.`);
    this.name = 'AnswerError';
    this.answer = answer;
  }
}

/** The client left before its request was complete: there is nobody to answer. */
export class ClientGoneError extends Error {
  constructor() {
    super('The client closed the connection before its request was complete.');
    this.name = 'ClientGoneError';
  }
}

/** A handler's exception is never a 500 in Rocket.Chat: whatever is thrown arrives as 400. */
export const answerToError = (error: unknown): Answer => {
  if (error instanceof AnswerError) return error.answer;
  if (error instanceof MeteorError) return failure(error.message, error.errorType, error.details);
  return failure(error instanceof Error ? error.message : String(error));
};
