/** The result of an invocation, as Lambda gives it to the caller. */
export type Invocation =
  | { readonly kind: 'answered'; readonly payload: string }
  | {
      readonly kind: 'failed';
      /** The error's class, or Lambda's error type: `Sandbox.Timedout`, `Runtime.ExitError`, `Runtime.ImportModuleError`… */
      readonly errorType: string;
      readonly errorMessage: string;
      readonly trace: readonly string[];
    };

export const failedInvocation = (
  errorType: string,
  errorMessage: string,
  trace: readonly string[] = [],
): Invocation => ({
  kind: 'failed',
  errorType,
  errorMessage,
  trace,
});

/** Reads the error that the runtime loop reports: `{"errorType","errorMessage","stackTrace"}`. */
export const readReportedError = (body: string): Invocation => {
  try {
    const { errorType, errorMessage, stackTrace } = JSON.parse(body) as Record<string, unknown>;
    return failedInvocation(
      String(errorType ?? 'Error'),
      String(errorMessage ?? ''),
      Array.isArray(stackTrace) ? stackTrace.map(String) : [],
    );
  } catch {
    return failedInvocation('Runtime.Unknown', 'the runtime reported an error in an unknown format');
  }
};
