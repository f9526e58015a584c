import { codeOf, messageOf } from '../error-text.ts';
import { ApiError, isGone } from './api-error.ts';
import { HistoryError } from './resumable.ts';
import { NonsenseError } from './nonsense.ts';
import { SilenceError } from './silence.ts';

const RELIST = [HistoryError, SilenceError, NonsenseError, SyntaxError] as const;

/** Returns the failure as one line for people. */
export const describeFailure = (error: unknown): string =>
  // Node's own message is only "aborted" or "socket hang up".
  codeOf(error) === 'ECONNRESET' ? `the connection broke (${messageOf(error)})` : messageOf(error);

/**
 * Reports whether the watch cannot resume where it ended. Gone: the server forgot that version. History: it never had it.
 * Silence: the connection is dead, or the server was restored from a backup and our version lies in its future. Nonsense
 * or invalid JSON: it is unknown what was delivered.
 */
export const needsRelist = (error: unknown): boolean => isGone(error) || RELIST.some((kind) => error instanceof kind);

/**
 * Returns the failure as a label: the HTTP status, or `silence` (the server answers nothing), `invalid` (an answer that no API
 * server sends), `history` (older data than before), `connection` (anything below HTTP).
 */
export const failureCode = (error: unknown): string => {
  if (error instanceof ApiError) return String(error.code);
  if (error instanceof SilenceError) return 'silence';
  if (error instanceof HistoryError) return 'history';
  return error instanceof NonsenseError || error instanceof SyntaxError ? 'invalid' : 'connection';
};

/**
 * Reports whether to read credentials and address again. A plain refusal is no reason. A token that was read while it was
 * replaced makes us nobody (401), or anonymous without rights (403).
 */
export const needsReconnect = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.code === 401 || error.code === 403;

/** Returns the server's Retry-After in ms. */
export const retryAfterOf = (error: unknown): number => (error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0);
