/** An argument that restore text cannot express: the format has one rule per line. */
export class UnquotableError extends Error {
  constructor(argument: string) {
    super(`restore text cannot hold ${JSON.stringify(argument)}`);
    this.name = 'UnquotableError';
  }
}

const PLAIN = /^[A-Za-z0-9_.:/,!@%+=-]+$/;

/**
 * Quotes an argument for iptables-restore: in double quotes with `\` before `"` and `\` where needed. This is the only place
 * that escapes.
 * @throws UnquotableError for control characters, which cannot be escaped
 */
export const quoteArgument = (argument: string): string => {
  if (PLAIN.test(argument)) return argument;
  if (/\p{Cc}/u.test(argument)) throw new UnquotableError(argument);
  return `"${argument.replaceAll(/["\\]/g, '\\$&')}"`;
};

/** Splits a line of iptables-save into its arguments: white space outside of double quotes separates, `\` escapes. */
export const splitArguments = (line: string): readonly string[] => {
  const found: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
    found.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/g, '$1'));
  }
  return found;
};
