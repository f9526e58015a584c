import type { IpFamily } from '../model/family.ts';
import { mayNameScratchChain } from '../program/names.ts';
import type { RawHook } from '../program/node-program.ts';
import type { ObservedTable } from '../render/observed.ts';
import { parseIptablesSave, parseRawTable } from '../render/parse-iptables.ts';
import type { TableName } from '../render/plan-table.ts';
import type { CommandRunner } from './command.ts';
import { type Backend, iptablesProgram, restoreArguments } from './iptables.ts';
import { createLegacyTables } from './legacy-tables.ts';
import type { NftReader } from './netlink/nft-reader.ts';
import { createNftTables } from './nft-tables.ts';
import { restoreBeside } from './restore-beside.ts';
import type { TableReader } from './table-reader.ts';

/** The table in which policy is judged: filter if the kernel has no security table. */
export type HomeTable = Exclude<TableName, 'raw'>;

/** Our part of one family's tables. */
export interface FamilyTables {
  readonly family: IpFamily;
  readonly home: HomeTable;
  /** Reads a table in which policy is judged, or was. @throws UnreadTableError */
  read(table?: HomeTable): Promise<ObservedTable>;
  /** @throws UnreadTableError */
  readRaw(): Promise<ObservedTable<RawHook>>;
  /** Reports whether the table, which is not created if it is missing, has a chain of ours. @throws UnreadTableError */
  holdsOurs(table: TableName): Promise<boolean>;
  /** Returns our part of the home table, or of the raw table, as text. @throws UnreadTableError */
  text(table: 'home' | 'raw'): Promise<string>;
  /**
   * Loads restore text, each `*TABLE` to `COMMIT` in one transaction. Objects that it does not name stay. The text's
   * security table means the home table.
   *
   * @throws CommandError
   */
  restore(text: string): Promise<void>;
}

export interface FamilyTablesOptions {
  readonly family: IpFamily;
  readonly backend: Backend;
  readonly home: HomeTable;
  /** Maximum seconds to wait for the xtables lock while other programs hold it. */
  readonly waitSeconds: number;
  /** Of the same network namespace. */
  readonly nft: NftReader;
}

/**
 * Combines transactions as far as the backend allows. The legacy one rewrites the whole table for each, and has no
 * limit of their size; if rules are only tried out, each transaction is needed.
 */
const forBackend = (text: string, backend: Backend): string =>
  backend === 'nft' || mayNameScratchChain(text) ? text : text.replaceAll(/^COMMIT\n\*(?:security|filter|raw)\n/gm, '');

const forHome = (text: string, home: HomeTable): string =>
  home === 'security' ? text : text.replaceAll(/^\*security$/gm, `*${home}`);

export const createFamilyTables = (runner: CommandRunner, options: FamilyTablesOptions): FamilyTables => {
  const { family, backend, home, waitSeconds, nft } = options;
  const reader: TableReader =
    backend === 'nft' ? createNftTables(runner, nft, family) : createLegacyTables(runner, family);

  const load = async (text: string): Promise<void> => {
    await runner.run(iptablesProgram(family, backend, 'restore'), restoreArguments(waitSeconds), {
      input: text,
      timeoutMs: (waitSeconds + 30) * 1000,
    });
  };

  return {
    family,
    home,
    read: async (table = home) => parseIptablesSave(await reader.read(table)),
    readRaw: async () => parseRawTable(await reader.read('raw')),
    holdsOurs: reader.holdsOurs,
    text: (table) => reader.read(table === 'home' ? home : 'raw'),
    async restore(text) {
      const whole = forBackend(forHome(text, home), backend);
      await (backend === 'nft' ? restoreBeside(whole, { family, nft, load }) : load(whole));
    },
  };
};

/**
 * Loads the text of each family that has one, all at the same time. A failure does not interrupt the others.
 *
 * @throws CommandError of the first failure
 */
export const restoreAll = async (
  tables: readonly FamilyTables[],
  texts: Readonly<Partial<Record<IpFamily, string>>>,
): Promise<void> => {
  const outcomes = await Promise.allSettled(
    tables.map(async (table) => {
      const text = texts[table.family];
      if (text !== undefined) await table.restore(text);
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
};
