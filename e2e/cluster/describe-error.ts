/** Describes an error and its causes, one line each, for people. */
export const describeError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n  because: ${describeError(error.cause)}`;
};
