/**
 * AWS's code of an error that the SDK threw, such as `NoSuchKey`; for a failed connection Node's, such as `ECONNRESET`.
 */
export const awsCodeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown error';
  return (error as NodeJS.ErrnoException).code ?? error.name;
};

/** The HTTP status of the response that an error of the SDK reports; `undefined` if there was no response. */
export const awsStatusOf = (error: unknown): number | undefined =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
