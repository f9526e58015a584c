/** Errors that only a mistake in this program can raise. */
const BUGS = [TypeError, ReferenceError, RangeError, SyntaxError];

/**
 * An error in words for the person at the terminal: its message, with the causes that it names. A bug keeps its stack,
 * since that is what a report of it needs.
 */
export const describeFailure = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (BUGS.some((kind) => error.constructor === kind)) return `a bug in portcullis: ${error.stack ?? error.message}`;
  return error.cause instanceof Error ? `${error.message}: ${describeFailure(error.cause)}` : error.message;
};
