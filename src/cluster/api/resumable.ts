import type { Resource } from '../resource.ts';
import { currentVersion } from './list.ts';
import { isOlderThan } from './resource-version.ts';
import type { Session } from './session.ts';

/** The server's data is older than what it sent before: it was restored from a backup. */
export class HistoryError extends Error {
  constructor(current: string, known: string) {
    super(`the server is at resourceVersion ${current} and had told us of ${known}: restored from a backup?`);
    this.name = 'HistoryError';
  }
}

/**
 * Makes sure that the server has reached the version that we want to watch from. A server accepts a watch from a version
 * in its future, stays silent, and continues past that version as if nothing were missing.
 *
 * @throws HistoryError if it has not reached it; the errors of a list of one object
 */
export const ensureResumable = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  known: string,
): Promise<void> => {
  const current = await currentVersion(session, resource);
  if (isOlderThan(current, known)) throw new HistoryError(current, known);
};
