import type { IpFamily } from '../model/family.ts';
import type { RawHook } from '../program/node-program.ts';
import { EMPTY_RAW_TABLE } from '../render/nothing-observed.ts';
import type { ObservedTable } from '../render/observed.ts';
import { leadsToUs } from '../render/plan-table.ts';
import { type FamilyTables, type FilterTable, restoreAll } from './iptables.ts';

type Raw = Readonly<Partial<Record<IpFamily, ObservedTable<RawHook>>>>;

/** The raw tables of all families. Most nodes need none of it: they are asked about once, for what an earlier agent left. */
export interface RawTables {
  /** What is there; undefined where nothing of ours can be. @throws CommandError */
  observe(): Promise<Raw | undefined>;
  /** Loads restore text. @throws CommandError */
  apply(texts: Readonly<Partial<Record<IpFamily, string>>>): Promise<void>;
}

const holdsOurs = ({ chains, hooks }: ObservedTable<RawHook>): boolean =>
  chains.size > 0 || hooks.PREROUTING.some(leadsToUs);

export const createRawTables = (tables: readonly FamilyTables[]): RawTables => {
  let used: 'unknown' | 'yes' | 'no' = 'unknown';

  const read = async (table: FilterTable): Promise<ObservedTable<RawHook>> => {
    if (used === 'yes') return table.readRaw();
    // One that cannot be read is somebody else's (made by nft in another way) and holds nothing of ours.
    return table.lookForRaw().catch(() => EMPTY_RAW_TABLE);
  };

  return {
    async observe() {
      if (used === 'no') return undefined;
      const seen = await Promise.all(tables.map(async ({ family, table }) => [family, await read(table)] as const));
      used = seen.some(([, table]) => holdsOurs(table)) ? 'yes' : 'no';
      return used === 'yes' ? Object.fromEntries(seen) : undefined;
    },
    async apply(texts) {
      used = 'yes';
      await restoreAll(tables, texts);
    },
  };
};
