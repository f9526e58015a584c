import type { Clock } from '../../model/clock.ts';
import { watchFolders } from './watch-folders.ts';

/** How long it must be quiet before files are read: an editor writes, renames and deletes in several steps. */
const QUIET_MS = 50;
/** Files are read after so long even if it never gets quiet. */
const LATEST_MS = 500;
/** Files are looked at this often whatever the kernel tells: of changes on network file systems it tells nothing. */
const RESCAN_MS = 2000;

export interface FolderFollower {
  /** Ends it; a look that is under way is waited for. */
  stop(): Promise<void>;
}

/** Looks at files, and says which folders to watch from then on. Never rejects. */
export type Look = (watchThese: (folders: readonly string[]) => void) => Promise<void>;

/** Looks at once, then whenever something has happened in the folders and it is quiet again, and every now and then. */
export const followFolders = (clock: Clock, look: Look): FolderFollower => {
  let stopped = false;
  let cancel = (): void => undefined;
  /** When the first event came that no look has seen yet. */
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
      // A look that is under way may still begin to watch.
      await looking;
      watch.close();
    },
  };
};
