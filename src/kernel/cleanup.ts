import { EMPTY_PROGRAM } from '../program/empty-program.ts';
import { planChanges } from '../render/plan.ts';
import type { Observed } from '../render/observed.ts';
import { removeBridgeTable } from './bridge/bridge-table.ts';
import type { CommandRunner } from './command.ts';
import { detectFamilies, hasLegacyTables } from './detect.ts';
import type { Backend } from './iptables.ts';
import { removeEmptyRawTables } from './empty-raw-table.ts';
import { createKernel } from './kernel.ts';
import type { SetReader } from './netlink/set-reader.ts';

/** What a cleanup found to remove, in one backend. */
export interface Removed {
  readonly backend: Backend;
  readonly chains: number;
  readonly sets: number;
}

/** Something of ours could not be removed; what is left harms nobody but is still there. */
export class CleanupError extends Error {
  constructor(left: readonly string[]) {
    super(`could not remove (still in use): ${left.join(', ')}`);
    this.name = 'CleanupError';
  }
}

const chainsOf = ({ tables, raw = {} }: Observed): readonly string[] =>
  [...Object.values(tables), ...Object.values(raw)].flatMap(({ chains }) => [...chains.keys()]);

/**
 * Removes every chain, set and jump of ours from both backends and families, our table of the bridge family, and nothing else.
 * @throws CommandError, or CleanupError when foreign rules use a chain or a set of ours.
 */
export const cleanup = async (
  runner: CommandRunner,
  reader: Pick<SetReader, 'read'>,
  xtablesWaitSeconds: number,
): Promise<readonly Removed[]> => {
  const families = await detectFamilies();
  const backends: readonly Backend[] = (await hasLegacyTables()) ? ['nft', 'legacy'] : ['nft'];
  await removeBridgeTable(runner);
  const removed: Removed[] = [];
  const chainsLeft: string[] = [];
  let setsLeft: readonly string[] = [];
  for (const backend of backends) {
    const kernel = createKernel(runner, { backend, families, xtablesWaitSeconds, reader });
    const before = await kernel.observe();
    await kernel.apply(planChanges(before, EMPTY_PROGRAM));
    const after = await kernel.observe();
    const heldChains = chainsOf(after);
    chainsLeft.push(...heldChains);
    setsLeft = [...after.sets.keys()];
    const chains = chainsOf(before).length - heldChains.length;
    removed.push({ backend, chains, sets: before.sets.size - after.sets.size });
  }
  await removeEmptyRawTables(runner, families);
  const left = [...chainsLeft, ...setsLeft];
  if (left.length > 0) throw new CleanupError(left);
  return removed;
};
