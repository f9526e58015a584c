import type { IpFamily } from '../model/family.ts';
import type { ObservedTable } from '../render/observed.ts';
import { type FamilyTables, restoreAll } from './family-tables.ts';

type Former = Readonly<Partial<Record<IpFamily, ObservedTable>>>;

/** The filter tables, where agents up to layout 3 may have left chains. */
export interface FormerTables {
  /** Returns our part of them; undefined if there is none. @throws UnreadTableError */
  observe(families: readonly IpFamily[]): Promise<Former | undefined>;
  /** Loads restore text. @throws CommandError */
  apply(texts: Readonly<Partial<Record<IpFamily, string>>>): Promise<void>;
  /** Takes the fact that our rules are in force: from then on only a simultaneous agent could leave chains there. */
  settle(): void;
}

const readFormer = async ({ home, holdsOurs, read }: FamilyTables): Promise<ObservedTable | undefined> =>
  home !== 'filter' && (await holdsOurs('filter')) ? read('filter') : undefined;

export const createFormerTables = (tables: readonly FamilyTables[]): FormerTables => {
  /** `clean`: the agent has worked, and nothing was left after that. */
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
