import type { IpFamily } from '../model/family.ts';
import { messageOf } from '../model/message-of.ts';
import type { Hook } from '../program/node-program.ts';
import type { ObservedTable } from '../render/observed.ts';
import { EMPTY_PLAN } from '../render/plan.ts';
import { removalText, type TableName } from '../render/plan-table.ts';
import { destroyLine } from '../render/plan-sets.ts';
import { removeBridgeTable } from './bridge/bridge-table.ts';
import type { CommandRunner } from './command.ts';
import { detectFamilies, hasLegacyTables } from './detect.ts';
import { removeEmptyTables } from './empty-tables.ts';
import { createFamilyTables } from './family-tables.ts';
import type { Backend } from './iptables.ts';
import { createKernel } from './kernel.ts';
import { NetlinkError } from './netlink/netlink.ts';
import type { NftReader } from './netlink/nft-reader.ts';
import type { SetReader } from './netlink/set-reader.ts';

/** The objects that a cleanup removed, in one backend. */
export interface Removed {
  readonly backend: Backend;
  readonly chains: number;
  readonly sets: number;
}

/** Something of ours could not be removed, or read. */
export class CleanupError extends Error {
  constructor(left: readonly string[], failures: readonly string[]) {
    const used = left.length === 0 ? [] : [`could not remove (still in use): ${left.join(', ')}`];
    super([...used, ...failures.map((each) => `not cleaned up: ${each}`)].join('; '));
    this.name = 'CleanupError';
  }
}

export interface CleanupTools {
  readonly runner: CommandRunner;
  readonly reader: Pick<SetReader, 'read'>;
  readonly nft: NftReader;
}

/** All tables that any layout has used. */
const TABLES: readonly TableName[] = ['security', 'filter', 'raw'];

/** errno(3) of a kernel without nftables. */
const EINVAL = -22;

const hasNft = async (nft: NftReader): Promise<boolean> => {
  try {
    await nft.chains('ipv4');
  } catch (error) {
    return !(error instanceof NetlinkError) || error.code !== EINVAL;
  }
  return true;
};

/**
 * Removes every chain, set and jump of ours from both backends and families, our bridge table, and nothing else.
 * Continues after a failure.
 * @throws CleanupError if other programs' rules use a chain or a set of ours, or something failed
 */
export const cleanup = async (
  { runner, reader, nft }: CleanupTools,
  xtablesWaitSeconds: number,
): Promise<readonly Removed[]> => {
  const families = await detectFamilies();
  const backends: readonly Backend[] = [
    ...((await hasNft(nft)) ? (['nft'] as const) : []),
    ...((await hasLegacyTables()) ? (['legacy'] as const) : []),
  ];
  const failures: string[] = [];
  const chainsLeft: string[] = [];
  const attempt = async <T>(work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      failures.push(messageOf(error));
      return otherwise;
    }
  };

  /** @returns the number of removed chains */
  const cleanTable = async (backend: Backend, family: IpFamily, table: TableName): Promise<number> => {
    const tables = createFamilyTables(runner, {
      family,
      backend,
      home: 'security',
      waitSeconds: xtablesWaitSeconds,
      nft,
    });
    // Reading a table would create it in the legacy backend.
    if (!(await tables.holdsOurs(table))) return 0;
    const clean = async <In extends Hook>(read: () => Promise<ObservedTable<In>>): Promise<number> => {
      const before = await read();
      const text = removalText(before, table);
      if (text !== '') await tables.restore(text);
      const held = [...(await read()).chains.keys()];
      chainsLeft.push(...held);
      return before.chains.size - held.length;
    };
    return table === 'raw' ? clean(tables.readRaw) : clean(() => tables.read(table));
  };

  const namesOfSets = async (): Promise<readonly string[]> => [...(await reader.read()).keys()];

  /** Destroys sets that no rule of ours names any more. @returns the number of destroyed sets, and the names of the others */
  const cleanSets = async (): Promise<{ readonly removed: number; readonly left: readonly string[] }> => {
    const before = await namesOfSets();
    const kernel = createKernel(runner, { backend: 'nft', families: [], xtablesWaitSeconds, reader, nft });
    await kernel.apply({ ...EMPTY_PLAN, destroy: before.map(destroyLine) });
    const left = await namesOfSets();
    return { removed: before.length - left.length, left };
  };

  await attempt(() => removeBridgeTable(runner), undefined);
  const chains = new Map<Backend, number>();
  for (const backend of backends) {
    for (const family of families) {
      for (const table of TABLES) {
        const count = await attempt(() => cleanTable(backend, family, table), 0);
        chains.set(backend, (chains.get(backend) ?? 0) + count);
      }
    }
  }
  const sets = await attempt(cleanSets, { removed: 0, left: [] });
  await removeEmptyTables(runner, families);
  const left = [...chainsLeft, ...sets.left];
  if (left.length > 0 || failures.length > 0) throw new CleanupError(left, failures);
  return backends.map((backend, at) => ({
    backend,
    chains: chains.get(backend) ?? 0,
    // All backends share the same sets.
    sets: at === backends.length - 1 ? sets.removed : 0,
  }));
};
