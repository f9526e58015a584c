/** An argument that cannot be written into restore text: the format is one rule a line. */
export class UnquotableError extends Error {
  constructor(argument: string) {
    super(`restore text cannot hold ${JSON.stringify(argument)}`);
    this.name = 'UnquotableError';
  }
}

const PLAIN = /^[A-Za-z0-9_.:/,!@%+=-]+$/;

/**
 * Writes one argument as iptables-restore reads it: in double quotes with `\` before `"` and `\` where needed. This is
 * the only place that escapes.
 * @throws UnquotableError for control characters, which no escape can carry.
 */
export const quoteArgument = (argument: string): string => {
  if (PLAIN.test(argument)) return argument;
  if (/\p{Cc}/u.test(argument)) throw new UnquotableError(argument);
  return `"${argument.replaceAll(/["\\]/g, '\\$&')}"`;
};

/** Splits a line of iptables-save into its arguments: white space outside double quotes separates, `\` escapes. */
export const splitArguments = (line: string): readonly string[] => {
  const found: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
    found.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/g, '$1'));
  }
  return found;
};
