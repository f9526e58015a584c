import type { IpFamily } from '../model/family.ts';
import { isOwnChain } from '../program/names.ts';
import { declaredIn } from '../render/company.ts';
import type { TableName } from '../render/plan-table.ts';
import { CommandError, type CommandRunner } from './command.ts';
import { iptablesCommand, iptablesProgram } from './iptables.ts';
import { HOOKS_OF, orUnread, type TableReader, UNREAD } from './table-reader.ts';

/**
 * The kernel's files with the names of the legacy backend's tables in a network namespace: reading another table would
 * create it.
 */
const TABLES_FILE: Readonly<Record<IpFamily, string>> = {
  ipv4: '/proc/net/ip_tables_names',
  ipv6: '/proc/net/ip6_tables_names',
};

/** Returns the tables; a kernel without the legacy backend has no such file. */
const legacyTables = async (runner: CommandRunner, family: IpFamily): Promise<readonly string[]> => {
  try {
    return (await runner.run('cat', [TABLES_FILE[family]])).split('\n');
  } catch (error) {
    if (error instanceof CommandError && error.exitCode !== undefined) return [];
    throw error;
  }
};

/**
 * Returns iptables-save's output of each existing legacy table, up to the first rule that it cannot print: the names of
 * all chains come before that.
 * @throws CommandError if the tool is missing
 */
export const printLegacyTables = async (runner: CommandRunner, family: IpFamily): Promise<readonly string[]> => {
  const tables = (await legacyTables(runner, family)).filter((name) => name !== '');
  return Promise.all(
    tables.map(async (table) => {
      try {
        return await runner.run(iptablesProgram(family, 'legacy', 'save'), ['-t', table]);
      } catch (error) {
        if (error instanceof CommandError && error.stdout !== '') return error.stdout;
        throw error;
      }
    }),
  );
};

/** The message of iptables if the kernel has no such table and cannot load it. */
const NO_TABLE = /can(?:'|no)t initialize/i;

/**
 * Reports whether the kernel has the table for the legacy backend, and creates it if it is missing.
 * @throws CommandError if that is not known
 */
export const hasLegacyTable = async (runner: CommandRunner, family: IpFamily, table: TableName): Promise<boolean> => {
  try {
    await runner.run(iptablesProgram(family, 'legacy', 'save'), ['-t', table]);
    return true;
  } catch (error) {
    if (error instanceof CommandError && NO_TABLE.test(error.stderr)) return false;
    throw error;
  }
};

/** A row of `iptables -L -n -v`: counters, target, protocol, options, interfaces, addresses, then further matches. */
const ROW = /^\s*\S+\s+\S+\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*(.*)$/;
const ANYTHING = new Set(['all 0.0.0.0/0', '0 0.0.0.0/0', 'all ::/0', '0 ::/0']);

/** Returns the rules of a chain from `-L`, which also prints those that `-S` cannot print. */
const hookLines = (chain: string, listed: string): readonly string[] =>
  listed
    .split('\n')
    .slice(2)
    .filter((row) => row !== '')
    .map((row) => {
      const [, target = '', protocol = '', , incoming, outgoing, source = '', destination = '', rest = ''] =
        ROW.exec(row) ?? [];
      const isPlain = incoming === '*' && outgoing === '*' && source === destination && rest.trim() === '';
      return isPlain && isOwnChain(target) && ANYTHING.has(`${protocol} ${source}`)
        ? `-A ${chain} -j ${target}`
        : `-A ${chain} ${UNREAD}`;
    });

/** Creates the reader of iptables-legacy: the kernel returns a table as a whole, and the tool prints its chains first. */
export const createLegacyTables = (runner: CommandRunner, family: IpFamily): TableReader => {
  const list = (table: TableName, ...args: readonly string[]): Promise<string> =>
    runner.run(iptablesCommand(family, 'legacy'), ['-t', table, ...args]);

  const printed = async (table: TableName): Promise<{ readonly text: string; readonly failure?: CommandError }> => {
    try {
      const text = await runner.run(iptablesProgram(family, 'legacy', 'save'), ['-t', table]);
      return { text };
    } catch (error) {
      if (!(error instanceof CommandError) || error.exitCode === undefined) throw error;
      return { text: error.stdout, failure: error };
    }
  };

  /**
   * Returns iptables-save's output to its end, or to the first rule it cannot print: the names of all chains come
   * before that.
   */
  const save = async (table: TableName): Promise<{ readonly text: string; readonly isWhole: boolean }> => {
    const { text, failure } = await printed(table);
    if (failure === undefined && text.includes(`*${table}\n`) && /^COMMIT$/m.test(text)) return { text, isWhole: true };
    const first = text.search(/^-A /m);
    if (first < 0) throw failure ?? new Error('the answer is not whole');
    return { text: text.slice(0, first), isWhole: false };
  };

  const readPieces = async (table: TableName, saved: string): Promise<string> => {
    const own = declaredIn(saved).filter(isOwnChain);
    const parts = [
      ...HOOKS_OF[table].map(async (chain) =>
        hookLines(chain, await list(table, '-n', '-v', '-x', '-L', chain)).join('\n'),
      ),
      ...own.map((chain) =>
        list(table, '-S', chain).catch((error: unknown) => {
          if (!(error instanceof CommandError) || error.exitCode === undefined) throw error;
          return `-N ${chain}\n-A ${chain} ${UNREAD}`;
        }),
      ),
    ];
    return `${(await Promise.all(parts)).join('\n')}\n`;
  };

  return {
    read: (table) =>
      orUnread(family, table, async () => {
        const { text, isWhole } = await save(table);
        return isWhole ? text : readPieces(table, text);
      }),
    holdsOurs: (table) =>
      orUnread(family, table, async () => {
        if (!(await legacyTables(runner, family)).includes(table)) return false;
        return declaredIn((await save(table)).text).some(isOwnChain);
      }),
  };
};
