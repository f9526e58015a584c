import { readFile, rm } from 'node:fs/promises';
import { removeGroups } from './cgroups.ts';
import type { ClusterFolder } from './folder.ts';
import { isAlive } from './process-identity.ts';
import { readRecord } from './record.ts';
import { until } from './until.ts';

const DEATH_MS = 20_000;

/** Checks that nothing is mounted below a folder to be removed: a mount might be the machine's own. */
const assertNothingMounted = async (root: string): Promise<void> => {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
  const inside = mounts.filter((point) => point === root || point.startsWith(`${root}/`));
  if (inside.length > 0) throw new Error(`something is mounted at ${inside.join(', ')}; umount it first`);
};

/**
 * Ends a cluster and removes everything that was made for it, also after a failed start or a restart of the machine.
 * The end of its first process ends every other one, and with the last one its namespaces, links, rules and mounts go.
 *
 * @returns false if there was none
 */
export const down = async (folder: ClusterFolder, say: (line: string) => void): Promise<boolean> => {
  const record = await readRecord(folder);
  if (record === undefined) return false;
  const { world } = record;
  if (world !== undefined && (await isAlive(world))) {
    // unshare(1) ignores other signals while it waits.
    process.kill(world.pid, 'SIGKILL');
    await until('the cluster’s processes are gone', DEATH_MS, async () => !(await isAlive(world)));
  }
  await removeGroups(record.cgroups);
  await assertNothingMounted(folder.root);
  await rm(folder.root, { recursive: true, force: true });
  say(`the cluster in ${folder.root} is gone`);
  return true;
};
