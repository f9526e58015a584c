import type { Clock } from '../../model/clock.ts';
import { watchFolders } from './watch-folders.ts';

/** Files are read once nothing has changed for this long: an editor writes, renames and deletes in several steps. */
const QUIET_MS = 50;
/** Files are read at the latest this long after the first change. */
const LATEST_MS = 500;
/** Files are read at this interval in any case: the kernel reports no changes on network file systems. */
const RESCAN_MS = 2000;

export interface FolderFollower {
  /** Stops, and waits for a scan that is under way. */
  stop(): Promise<void>;
}

/** Scans files, and returns the folders to watch from then on. Never rejects. */
export type Look = (watchThese: (folders: readonly string[]) => void) => Promise<void>;

/** Scans at once, then after each burst of changes in the folders, and regularly. */
export const followFolders = (clock: Clock, look: Look): FolderFollower => {
  let stopped = false;
  let cancel = (): void => undefined;
  /** Time of the first event since the last scan began. */
  let restlessSince: number | undefined;
  let looking: Promise<void> | undefined;

  const lookNow = (): void => {
    restlessSince = undefined;
    looking = look(watch.follow).then(() => {
      looking = undefined;
      if (!stopped) schedule();
    });
  };

  const schedule = (): void => {
    cancel();
    const ms =
      restlessSince === undefined
        ? RESCAN_MS
        : Math.max(0, Math.min(QUIET_MS, restlessSince + LATEST_MS - clock.now()));
    cancel = clock.after(ms, lookNow);
  };

  const watch = watchFolders(() => {
    if (stopped) return;
    restlessSince ??= clock.now();
    if (looking === undefined) schedule();
  });

  lookNow();
  return {
    async stop() {
      stopped = true;
      cancel();
      // A scan that is under way may still start a watch.
      await looking;
      watch.close();
    },
  };
};
