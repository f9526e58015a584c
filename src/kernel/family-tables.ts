import type { IpFamily } from '../model/family.ts';
import { isOwnChain, mayNameScratchChain } from '../program/names.ts';
import type { NftRule } from '../render/netlink/nft-rules.ts';
import { CommandError, type CommandRunner } from './command.ts';
import type { NftReader } from './netlink/nft-reader.ts';
import type { RawHook } from '../program/node-program.ts';
import type { ObservedTable } from '../render/observed.ts';
import { parseIptablesSave, parseRawTable } from '../render/parse-iptables.ts';
import type { TableName } from '../render/plan-table.ts';
import { type Backend, iptablesProgram, restoreArguments } from './iptables.ts';
import { createLegacyTables } from './legacy-tables.ts';
import { createNftTables } from './nft-tables.ts';
import type { TableReader } from './table-reader.ts';

interface Beside {
  readonly family: IpFamily;
  readonly nft: NftReader;
  /** Loads restore text. @throws CommandError */
  readonly load: (text: string) => Promise<void>;
}

/** A line that deletes a jump of ours by its text, for which iptables-nft must understand every rule before it. */
const DELETED_JUMP = /^-D (FORWARD|OUTPUT|PREROUTING) .*\n/gm;
const INSERTED_JUMP = /^-I (\S+) 1 -j (\S+)$/gm;
const DELETED_CHAIN = /^-X (\S+)\n/gm;

/** Returns our new jump, at the first place that has it. */
const keptOf = (rules: readonly NftRule[], target: string | undefined): NftRule | undefined =>
  rules.find((rule) => rule.isPlainJump && rule.target === target);

/**
 * Loads restore text. If iptables-nft refuses it because it does not understand foreign rules before a jump of ours, works in
 * three steps: adds the new rules first, then deletes unwanted jumps by their handles, then the chains behind them. No wrong
 * packet passes in between: packets meet the new rules first, and possibly the same ones twice.
 *
 * @throws CommandError, or NetlinkError
 */
const restoreBeside = async (text: string, { family, nft, load }: Beside): Promise<void> => {
  try {
    await load(text);
    return;
  } catch (error) {
    const isRefusal = error instanceof CommandError && error.exitCode !== undefined;
    if (!isRefusal || text.search(DELETED_JUMP) < 0) throw error;
  }
  const table = /^\*(\S+)$/m.exec(text)?.[1] ?? '';
  const hooks = new Set([...text.matchAll(DELETED_JUMP)].map(([, hook = '']) => hook));
  const inserted = new Map([...text.matchAll(INSERTED_JUMP)].map(([, hook, target]) => [hook, target]));
  await load(text.replaceAll(DELETED_JUMP, '').replaceAll(DELETED_CHAIN, ''));
  for (const chain of hooks) {
    const place = { family, table, chain };
    const rules = await nft.rules(place);
    const kept = keptOf(rules, inserted.get(chain));
    for (const rule of rules) {
      if (rule !== kept && rule.target !== undefined && isOwnChain(rule.target)) await nft.deleteRule(place, rule);
    }
  }
  const chains = [...text.matchAll(DELETED_CHAIN)].map(([, name = '']) => name);
  if (chains.length > 0) {
    await load(
      [
        `*${table}`,
        ...chains.map((name) => `:${name} - [0:0]`),
        ...chains.map((name) => `-X ${name}`),
        'COMMIT',
        '',
      ].join('\n'),
    );
  }
};

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

interface FamilyTablesOptions {
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
