import type { IpFamily } from '../model/family.ts';
import type { NodeProgram } from '../program/node-program.ts';
import { parseIptablesSave } from '../render/parse-iptables.ts';
import { compareTable, tableText } from '../render/plan-table.ts';
import type { CommandRunner } from './command.ts';
import { type Backend, iptablesProgram } from './iptables.ts';
import { rememberRight } from './remember-right.ts';

/** Looks at the filter tables as text, and reads them only where the text is another one than was found right. */
export interface TableText {
  /** @throws CommandError */
  holds(program: NodeProgram): Promise<boolean>;
  /** The program was changed. */
  forget(): void;
}

/** Dates, and how many packets each chain has met. */
const MOMENTS = /^#.*\n|(?<=^:\S+ \S+) \[\d+:\d+\]$/gm;

export const createTableText = (runner: CommandRunner, backend: Backend, families: readonly IpFamily[]): TableText => {
  const tables = rememberRight();
  return {
    async holds(program) {
      const saves = await Promise.all(
        families.map((family) => runner.run(iptablesProgram(family, backend, 'save'), ['-t', 'filter'])),
      );
      const texts = saves.map((save) => save.replaceAll(MOMENTS, ''));
      return tables.isRight(texts.join(''), () =>
        families.every(
          (family, at) => tableText(compareTable(parseIptablesSave(texts[at] ?? ''), program[family])) === '',
        ),
      );
    },
    forget: tables.forget,
  };
};
