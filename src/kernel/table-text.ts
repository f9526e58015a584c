import type { IpFamily } from '../model/family.ts';
import type { NodeProgram } from '../program/node-program.ts';
import { parseIptablesSave, parseRawTable } from '../render/parse-iptables.ts';
import { compareRaw } from '../render/plan-raw.ts';
import { compareTable, type TableName, tableText } from '../render/plan-table.ts';
import type { CommandRunner } from './command.ts';
import { type Backend, iptablesProgram } from './iptables.ts';

/** Looks at our tables as text, and reads them only where the text is another one than was found right. */
export interface TableText {
  /** @throws CommandError */
  holds(program: NodeProgram): Promise<boolean>;
  /** The program was changed. */
  forget(): void;
}

/** Dates, and how many packets each chain has met. */
const MOMENTS = /^#.*\n|(?<=^:\S+ \S+) \[\d+:\d+\]$/gm;

export const createTableText = (runner: CommandRunner, backend: Backend, families: readonly IpFamily[]): TableText => {
  /** The text that was found right last. */
  let right: string | undefined;
  return {
    async holds(program) {
      const save = async (family: IpFamily, table: TableName): Promise<string> =>
        (await runner.run(iptablesProgram(family, backend, 'save'), ['-t', table])).replaceAll(MOMENTS, '');
      const [filter, raw] = await Promise.all([
        Promise.all(families.map((family) => save(family, 'filter'))),
        Promise.all(families.map(async (family) => (program[family].raw === undefined ? '' : save(family, 'raw')))),
      ]);
      const text = [...filter, ...raw].join('');
      if (text === right) return true;
      const holds = families.every(
        (family, at) =>
          tableText(compareTable(parseIptablesSave(filter[at] ?? ''), program[family])) === '' &&
          compareRaw(parseRawTable(raw[at] ?? ''), program[family].raw) === '',
      );
      right = holds ? text : undefined;
      return holds;
    },
    forget() {
      right = undefined;
    },
  };
};
