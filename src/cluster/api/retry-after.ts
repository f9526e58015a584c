import type { IncomingHttpHeaders } from 'node:http';

/**
 * Reads a date in any of HTTP's three forms (RFC 9110, 5.6.7), in ms since the epoch, or NaN. All are in GMT, and only
 * asctime's form does not say so. Date.parse alone accepts much that is not a date of HTTP, such as a lone number.
 */
const readDate = (text: string): number => {
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return Number.NaN;
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
};

/**
 * Returns the wait in ms that the header Retry-After (RFC 9110, 10.2.3) asks for: whole seconds or a date. A date is taken
 * relative to the answer's own Date, since our wall clock may be off, or to `now` (ms since the epoch) without one.
 * Undefined if the header is missing or invalid.
 */
export const readRetryAfter = (headers: IncomingHttpHeaders, now: number): number | undefined => {
  const value = headers['retry-after']?.trim();
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000;
  const until = readDate(value);
  if (Number.isNaN(until)) return undefined;
  const answered = readDate(headers.date ?? '');
  return Math.max(0, until - (Number.isNaN(answered) ? now : answered));
};
