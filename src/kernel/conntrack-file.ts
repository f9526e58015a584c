import type { Connections } from '../reconcile/connections.ts';
import { createFileReader } from '../render/read-conntrack.ts';
import type { CommandRunner } from './command.ts';
import { readPieces } from './read-pieces.ts';
import { isAtLeast, versionIn } from './version.ts';

/** The table of the reader's network namespace. Not every distribution has it (CONFIG_NF_CONNTRACK_PROCFS). */
const FILE = '/proc/net/nf_conntrack';

/**
 * A read continues after every 4 kB: since this kernel at the bucket where it stopped, before at a number of entries from the
 * beginning. That skipped an entry for each one that ended meanwhile, and made a long file take minutes.
 */
const GOES_ON_WHERE_IT_STOPPED = [6, 18];

/** The same as for a list of the table. */
const TIMEOUT_MS = 60_000;

/**
 * Reads connections from the kernel's file: 1 ms where `conntrack -L` takes 12 ms, since the kernel makes that list bucket by
 * bucket, each under a lock, a quarter of a million of them even with few connections.
 */
export const createConntrackFile = (runner: CommandRunner, kernel: string): Connections['glance'] => {
  let isOfUse = isAtLeast(versionIn(kernel), GOES_ON_WHERE_IT_STOPPED);
  return async (families, selection, most) => {
    if (!isOfUse) return undefined;
    try {
      const found = await readPieces(runner, ['cat', FILE], {
        createReader: () => createFileReader(selection, most),
        timeoutMs: TIMEOUT_MS,
      });
      return found.filter(({ family }) => families.includes(family));
    } catch {
      // It is missing, not readable, or has another format, and will be so the next time.
      isOfUse = false;
      return undefined;
    }
  };
};
