import type { Resource } from '../resource.ts';
import { currentVersion } from './list.ts';
import { isOlderThan } from './resource-version.ts';
import type { Session } from './session.ts';

/** The server's data is older than what it told us before: it was restored from a backup. */
export class HistoryError extends Error {
  constructor(current: string, known: string) {
    super(`the server is at resourceVersion ${current} and had told us of ${known}: restored from a backup?`);
    this.name = 'HistoryError';
  }
}

/**
 * Makes sure that the server has come to the version from which we want to watch on. A watch from a version that lies in
 * the server's future is accepted, keeps silent, and once that version is passed goes on as if nothing were missing.
 *
 * @throws HistoryError where it has not; what a list of one object throws.
 */
export const ensureResumable = async <K extends string, T>(
  session: Session,
  resource: Resource<K, T>,
  known: string,
): Promise<void> => {
  const current = await currentVersion(session, resource);
  if (isOlderThan(current, known)) throw new HistoryError(current, known);
};
