/** One line of the log as an object: `message` is fixed and can be searched for, what varies is in fields. */
export interface LogEntry {
  readonly message: string;
  readonly error?: string;
  readonly stack?: string;
  readonly [field: string]: string | number | undefined;
}

/**
 * What is logged when something failed. Fields name no visitor: a log is kept where an erasure does not reach.
 *
 * @param error what was thrown, whatever it is.
 */
export function logEntry(
  message: string,
  error: unknown,
  fields: Readonly<Record<string, string | number>> = {},
): LogEntry {
  if (!(error instanceof Error)) return { message, ...fields, error: String(error) };
  const { stack } = error;
  return {
    message,
    ...fields,
    error: `${error.name}: ${error.message}`,
    ...(stack !== undefined && { stack }),
  };
}
