/**
 * All texts of an error that could get into a log: message, stack, fields, and those of its causes, ten levels deep.
 */
export const errorText = (error: unknown, depth = 0): string => {
  if (!(error instanceof Error) || depth > 10) return JSON.stringify(error) ?? String(error);
  const fields = JSON.stringify(error, Object.getOwnPropertyNames(error));
  return [error.name, error.message, error.stack, fields, errorText(error.cause, depth + 1)].join('\n');
};
