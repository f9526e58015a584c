import type { IpFamily } from '../model/family.ts';
import type { NodeProgram } from '../program/node-program.ts';
import { parseIptablesSave, parseRawTable } from '../render/parse-iptables.ts';
import { compareRaw, compareTable, tableText } from '../render/plan-table.ts';
import type { FamilyTables } from './family-tables.ts';

/** Compares our tables as text, and parses them only if the text differs from the last one that was right. */
export interface TableText {
  /** @param of all families if absent. @throws UnreadTableError */
  holds(program: NodeProgram, of?: readonly IpFamily[]): Promise<boolean>;
  /** Takes the fact that the rule set has changed. */
  forget(): void;
}

/** Dates and packet counters. */
const MOMENTS = /^#.*\n|(?<=^:\S+ \S+) \[\d+:\d+\]$/gm;

export const createTableText = (tables: readonly Pick<FamilyTables, 'family' | 'text'>[]): TableText => {
  /** The last text that was right. */
  let right: string | undefined;
  return {
    async holds(program, of) {
      const asked = of === undefined ? tables : tables.filter(({ family }) => of.includes(family));
      const texts = await Promise.all(
        asked.map(async ({ family, text }) => {
          const { raw } = program[family];
          const [home, rawText] = await Promise.all([text('home'), raw === undefined ? '' : text('raw')]);
          return { family, home: home.replaceAll(MOMENTS, ''), raw: rawText.replaceAll(MOMENTS, '') };
        }),
      );
      const text = texts.map(({ home, raw }) => home + raw).join('');
      if (text === right) return true;
      const holds = texts.every(
        ({ family, home, raw }) =>
          tableText(compareTable(parseIptablesSave(home), program[family])) === '' &&
          compareRaw(parseRawTable(raw), program[family].raw) === '',
      );
      right = holds ? text : undefined;
      return holds;
    },
    forget() {
      right = undefined;
    },
  };
};
