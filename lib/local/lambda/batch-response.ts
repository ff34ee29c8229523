/** `partial`: only the named messages failed. `failed`: the whole batch failed. */
export type BatchOutcome =
  | { readonly kind: 'partial'; readonly failedMessageIds: ReadonlySet<string> }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * Reads a function's answer as an event source mapping with ReportBatchItemFailures does. An invalid answer fails the whole
 * batch, so that no message is deleted by mistake.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export const readBatchResponse = (payload: string, messageIds: readonly string[]): BatchOutcome => {
  let answer: unknown;
  try {
    answer = payload === '' ? undefined : JSON.parse(payload);
  } catch {
    return failed('the answer is not JSON');
  }
  // An empty answer, null, {} and an empty list all mean that every message succeeded.
  if (answer === undefined || answer === null) return succeeded;
  if (typeof answer !== 'object' || Array.isArray(answer)) return failed('the answer is not an object');
  const failures = (answer as Record<string, unknown>)['batchItemFailures'];
  if (failures === undefined || failures === null) return succeeded;
  if (!Array.isArray(failures)) return failed('batchItemFailures is not a list');

  const failedMessageIds = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id =
      typeof failure === 'object' && failure !== null
        ? (failure as Record<string, unknown>)['itemIdentifier']
        : undefined;
    if (typeof id !== 'string' || id === '') return failed('a batchItemFailures entry has no itemIdentifier');
    if (!messageIds.includes(id)) return failed(`batchItemFailures names ${id}, which is not in the batch`);
    failedMessageIds.add(id);
  }
  return { kind: 'partial', failedMessageIds };
};

const succeeded: BatchOutcome = { kind: 'partial', failedMessageIds: new Set() };
const failed = (why: string): BatchOutcome => ({ kind: 'failed', why });
