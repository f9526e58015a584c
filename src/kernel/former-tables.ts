import type { IpFamily } from '../model/family.ts';
import type { ObservedTable } from '../render/observed.ts';
import { type FamilyTables, restoreAll } from './family-tables.ts';

type Former = Readonly<Partial<Record<IpFamily, ObservedTable>>>;

/** The filter tables, as far as agents up to layout 3 left something there. */
export interface FormerTables {
  /** What is there; undefined where there is nothing. @throws UnreadTableError */
  observe(families: readonly IpFamily[]): Promise<Former | undefined>;
  /** Loads restore text. @throws CommandError */
  apply(texts: Readonly<Partial<Record<IpFamily, string>>>): Promise<void>;
  /** Rules of ours are in force by now: only who works at the same time could leave something after that. */
  settle(): void;
}

const readFormer = async ({ home, holdsOurs, read }: FamilyTables): Promise<ObservedTable | undefined> =>
  home !== 'filter' && (await holdsOurs('filter')) ? read('filter') : undefined;

export const createFormerTables = (tables: readonly FamilyTables[]): FormerTables => {
  /** We have worked, and nothing was left after that. */
  let state: 'unknown' | 'settled' | 'clean' = 'unknown';

  return {
    async observe(families) {
      if (state === 'clean') return undefined;
      const asked = tables.filter(({ family }) => families.includes(family));
      const seen = await Promise.all(asked.map(async (each) => [each.family, await readFormer(each)] as const));
      const found = seen.flatMap(([family, table]) => (table === undefined ? [] : [[family, table] as const]));
      if (found.length === 0 && state === 'settled' && asked.length === tables.length) state = 'clean';
      return found.length === 0 ? undefined : Object.fromEntries(found);
    },
    apply: (texts) => restoreAll(tables, texts),
    settle() {
      if (state === 'unknown') state = 'settled';
    },
  };
};
