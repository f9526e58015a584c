import type { IpFamily } from '../model/family.ts';
import { mayNameScratchChain } from '../program/names.ts';
import type { RawHook } from '../program/node-program.ts';
import type { ObservedTable } from '../render/observed.ts';
import { parseIptablesSave, parseRawTable } from '../render/parse-iptables.ts';
import type { CommandRunner } from './command.ts';

/** Which of the kernel's two packet filters iptables speaks to (iptables-nft(8), iptables-legacy(8)). */
export type Backend = 'nft' | 'legacy';

const COMMAND: Readonly<Record<IpFamily, string>> = { ipv4: 'iptables', ipv6: 'ip6tables' };

/** The program of the family and backend, e.g. `ip6tables-nft-restore`. */
export const iptablesProgram = (family: IpFamily, backend: Backend, verb: 'save' | 'restore'): string =>
  `${COMMAND[family]}-${backend}-${verb}`;

/** @param waitSeconds how long to wait for the xtables lock that other programs hold */
export const restoreArguments = (waitSeconds: number): readonly string[] => ['--noflush', '-w', `${waitSeconds}`];

/** One family's tables: the filter table, and raw where it is asked for. */
export interface FilterTable {
  /** @throws CommandError */
  read(): Promise<ObservedTable>;
  /** The raw table. @throws CommandError */
  readRaw(): Promise<ObservedTable<RawHook>>;
  /** The raw table, which is not made where there is none. @throws CommandError */
  lookForRaw(): Promise<ObservedTable<RawHook>>;
  /** Loads restore text of this table or another one, each `*TABLE` to `COMMIT` in one transaction; leaves alone what it does not name. @throws CommandError */
  restore(text: string): Promise<void>;
}

/**
 * The text with as few transactions as the backend needs. The legacy one writes the whole table anew for each, and has no limit
 * of their size; where rules are only tried out each is needed.
 */
const forBackend = (text: string, backend: Backend): string =>
  backend === 'nft' || mayNameScratchChain(text) ? text : text.replaceAll(/^COMMIT\n\*(?:filter|raw)\n/gm, '');

/** @param waitSeconds how long to wait for the xtables lock that other programs hold */
export const createFilterTable = (
  runner: CommandRunner,
  family: IpFamily,
  backend: Backend,
  waitSeconds: number,
): FilterTable => ({
  async read() {
    return parseIptablesSave(await runner.run(iptablesProgram(family, backend, 'save'), ['-t', 'filter']));
  },
  async readRaw() {
    return parseRawTable(await runner.run(iptablesProgram(family, backend, 'save'), ['-t', 'raw']));
  },
  async lookForRaw() {
    // To name a table makes it, in the legacy backend.
    const args = backend === 'legacy' ? [] : ['-t', 'raw'];
    return parseRawTable(await runner.run(iptablesProgram(family, backend, 'save'), args));
  },
  async restore(text) {
    await runner.run(iptablesProgram(family, backend, 'restore'), restoreArguments(waitSeconds), {
      input: forBackend(text, backend),
      timeoutMs: (waitSeconds + 30) * 1000,
    });
  },
});

/** A family and its tables. */
export interface FamilyTables {
  readonly family: IpFamily;
  readonly table: FilterTable;
}

/**
 * Loads the text of each family that has one, all at the same time. One that fails does not keep the others from their end.
 *
 * @throws CommandError of the first that failed
 */
export const restoreAll = async (
  tables: readonly FamilyTables[],
  texts: Readonly<Partial<Record<IpFamily, string>>>,
): Promise<void> => {
  const outcomes = await Promise.allSettled(
    tables.map(async ({ family, table }) => {
      const text = texts[family];
      if (text !== undefined) await table.restore(text);
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};
