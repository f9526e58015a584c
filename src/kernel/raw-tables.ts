import type { IpFamily } from '../model/family.ts';
import type { RawHook } from '../program/node-program.ts';
import type { ObservedTable } from '../render/observed.ts';
import { leadsToUs } from '../render/plan-table.ts';
import { type FamilyTables, restoreAll } from './family-tables.ts';

type Raw = Readonly<Partial<Record<IpFamily, ObservedTable<RawHook>>>>;

/** The raw tables of all families. Most nodes need none: they are read once, for what an earlier agent left. */
export interface RawTables {
  /** Returns our part of them; undefined if there can be none. @throws UnreadTableError */
  observe(families: readonly IpFamily[]): Promise<Raw | undefined>;
  /** Loads restore text. @throws CommandError */
  apply(texts: Readonly<Partial<Record<IpFamily, string>>>): Promise<void>;
}

const holdsOurs = ({ chains, hooks }: ObservedTable<RawHook>): boolean =>
  chains.size > 0 || hooks.PREROUTING.some(leadsToUs);

export const createRawTables = (tables: readonly FamilyTables[]): RawTables => {
  let used: 'unknown' | 'yes' | 'no' = 'unknown';

  return {
    async observe(families) {
      if (used === 'no') return undefined;
      const asked = tables.filter(({ family }) => families.includes(family));
      const isAll = asked.length === tables.length;
      if (used === 'unknown' && !(await Promise.all(asked.map((each) => each.holdsOurs('raw')))).includes(true)) {
        if (isAll) used = 'no';
        return undefined;
      }
      const seen = await Promise.all(asked.map(async (each) => [each.family, await each.readRaw()] as const));
      if (seen.some(([, table]) => holdsOurs(table))) used = 'yes';
      else if (isAll) used = 'no';
      return used === 'yes' ? Object.fromEntries(seen) : undefined;
    },
    async apply(texts) {
      used = 'yes';
      await restoreAll(tables, texts);
    },
  };
};
