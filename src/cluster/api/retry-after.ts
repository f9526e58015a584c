import type { IncomingHttpHeaders } from 'node:http';

/**
 * A date in any of HTTP's three forms (RFC 9110, 5.6.7), ms since the epoch; else NaN. All are in GMT, and only the one of
 * asctime does not say so. Date.parse alone reads much that is no date of HTTP, such as a lone number.
 */
const readDate = (text: string): number => {
  if (!/^[A-Z][a-z]{2,8},? /.test(text)) return Number.NaN;
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
};

/**
 * How long the header Retry-After (RFC 9110, 10.2.3) asks to be left alone, ms: whole seconds or a date. The date is
 * taken against the answer's own Date, since our wall clock may be off, and against `now` (ms since the epoch) where
 * there is none. Undefined where nothing, or nothing legible, is asked for.
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
