/** Errors that only a bug of this program can cause. */
const BUGS = [TypeError, ReferenceError, RangeError, SyntaxError];

/**
 * Describes an error for the person at the terminal: its message with its causes. A bug keeps its stack, which a bug report
 * needs.
 */
export const describeFailure = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (BUGS.some((kind) => error.constructor === kind)) return `a bug in portcullis: ${error.stack ?? error.message}`;
  return error.cause instanceof Error ? `${error.message}: ${describeFailure(error.cause)}` : error.message;
};
