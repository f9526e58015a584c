import { codeOf, messageOf } from '../error-text.ts';
import { ApiError, isGone } from './api-error.ts';
import { HistoryError } from './resumable.ts';
import { NonsenseError } from './nonsense.ts';
import { SilenceError } from './silence.ts';

const RELIST = [HistoryError, SilenceError, NonsenseError, SyntaxError] as const;

/** One line for people. */
export const describeFailure = (error: unknown): string =>
  // Node says no more than "aborted" or "socket hang up".
  codeOf(error) === 'ECONNRESET' ? `the connection broke (${messageOf(error)})` : messageOf(error);

/**
 * Whether the watch cannot be taken up where it ended. Gone: the server forgot that version. History: it never had it.
 * Silence: besides a dead connection, it may be a server restored from a backup, to which our version lies in the
 * future. Nonsense, or no JSON at all: what was delivered is unknown.
 */
export const needsRelist = (error: unknown): boolean => isGone(error) || RELIST.some((kind) => error instanceof kind);

/**
 * Whether credentials and address should be read anew: a plain refusal of the request is no reason to. A token that was
 * read while it was being replaced makes us nobody (401), or anonymous, who may do nothing (403).
 */
export const needsReconnect = (error: unknown): boolean =>
  !(error instanceof ApiError) || error.code === 401 || error.code === 403;

/** What the server asked for with Retry-After, ms. */
export const retryAfterOf = (error: unknown): number => (error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0);
