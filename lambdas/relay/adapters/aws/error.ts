/** What AWS answered in place of what was asked for, or that it could not be reached. */
export class AwsError extends Error {
  /** AWS's own code, e.g. `NoSuchKey`; Node's code of a connection that failed. */
  readonly code: string;
  /** HTTP status; undefined where there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, details: { code: string; status: number | undefined; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.name = 'AwsError';
    this.code = details.code;
    this.status = details.status;
  }
}

/** AWS's code of an error, for people; whatever else went wrong, its name. */
export const awsCodeOf = (error: unknown): string => {
  if (error instanceof AwsError) return error.code;
  return error instanceof Error ? error.name : 'unknown error';
};
