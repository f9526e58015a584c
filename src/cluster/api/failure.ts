import { codeOf, messageOf } from '../error-text.ts';
import { ApiError, isGone } from './api-error.ts';
import { SilenceError } from './silence.ts';

/** One line for people. */
export const describeFailure = (error: unknown): string =>
  // Node says no more than "aborted" or "socket hang up".
  codeOf(error) === 'ECONNRESET' ? `the connection broke (${messageOf(error)})` : messageOf(error);

/**
 * Whether the watch cannot be taken up where it ended. Gone: the server forgot that version. Silence: besides a dead
 * connection, it may be a server restored from a backup, to which our version lies in the future. No JSON: what was
 * delivered is unknown.
 */
export const needsRelist = (error: unknown): boolean =>
  isGone(error) || error instanceof SilenceError || error instanceof SyntaxError;

/** Whether credentials and address should be read anew: a plain refusal of the request is no reason to. */
export const needsReconnect = (error: unknown): boolean => !(error instanceof ApiError) || error.code === 401;

/** What the server asked for with Retry-After, ms. */
export const retryAfterOf = (error: unknown): number => (error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0);
