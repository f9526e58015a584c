/** `::0.1.0.0`, at the start of an address, a block or a set member. */
const DOTTED_TAIL = /^([0-9a-f:]*:)(\d+)\.(\d+)\.(\d+)\.(\d+)(?=$|[/,])/;

const word = (high: string | undefined, low: string | undefined): string =>
  (Number(high) * 256 + Number(low)).toString(16);

/**
 * The tools print IPv6 addresses with few bits, and mapped ones, with a dotted end, as inet_ntop(3) does (`::0.1.0.0` for
 * `::1:0`). Converts them to RFC 5952 text, so that they equal what was written.
 */
export const withoutDottedTail = (text: string): string => {
  // Fast path: nearly all addresses have no colon before the first dot.
  const dot = text.indexOf('.');
  if (dot < 0 || text.lastIndexOf(':', dot) < 0) return text;
  return text.replace(
    DOTTED_TAIL,
    (_, head: string, a: string, b: string, c: string, d: string) => `${head}${word(a, b)}:${word(c, d)}`,
  );
};
