import type { Connections } from '../reconcile/connections.ts';
import { createFileReader } from '../render/read-conntrack.ts';
import type { CommandRunner } from './command.ts';
import { readPieces } from './read-pieces.ts';
import { isAtLeast, versionIn } from './version.ts';

/** Of the network namespace of whatever reads it; not every distribution has it (CONFIG_NF_CONNTRACK_PROCFS). */
const FILE = '/proc/net/nf_conntrack';

/**
 * A reading goes on after every 4 kB. Since this kernel at the bucket where it had stopped; before at so many entries from
 * the beginning, so that one is passed over for each that ended meanwhile, and a long file took minutes.
 */
const GOES_ON_WHERE_IT_STOPPED = [6, 18];

/** As for a list of the table. */
const TIMEOUT_MS = 60_000;

/**
 * A look at the connections in the file of the kernel: 1 ms where `conntrack -L` takes 12 ms, whose list the kernel makes
 * bucket by bucket, each under a lock, a quarter of a million of them however few connections there are.
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
      // It is not there, not ours to read, or of another form, and will be so the next time.
      isOfUse = false;
      return undefined;
    }
  };
};
