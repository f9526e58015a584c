import type { IpFamily } from '../model/family.ts';
import { isOwnChain } from '../program/names.ts';
import type { ChainPlace, NftChain } from '../render/netlink/nft-rules.ts';
import type { TableName } from '../render/plan-table.ts';
import { targetOf } from '../render/reached.ts';
import { CommandError, type CommandRunner } from './command.ts';
import { iptablesProgram } from './iptables.ts';
import type { NftReader } from './netlink/nft-reader.ts';
import { HOOKS_OF, orUnread, type TableReader, UNREAD } from './table-reader.ts';

/** Printed after everything before it was done (iptables-restore --verbose): without it an answer is incomplete. */
const END = '# through';

/**
 * iptables-nft lists one table, or one chain, without reading the others, as its -save does: 0.04 s instead of 5 beside
 * 100,000 rules of other programs. As a line of iptables-restore it also shows where it ends.
 */
const LIST_ARGS: readonly string[] = ['--noflush', '--verbose'];

const countTargets = (lines: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const target = line.startsWith('-A ') ? targetOf(line) : undefined;
    if (target !== undefined) counts.set(target, (counts.get(target) ?? 0) + 1);
  }
  return counts;
};

/** Creates the reader of the tables that iptables-nft keeps in nftables. */
export const createNftTables = (runner: CommandRunner, nft: NftReader, family: IpFamily): TableReader => {
  /** @throws CommandError, also for an incomplete answer */
  const list = async (table: TableName, lines: readonly string[]): Promise<string> => {
    const program = iptablesProgram(family, 'nft', 'restore');
    const input = [`*${table}`, ...lines, 'COMMIT', END, ''].join('\n');
    const text = await runner.run(program, LIST_ARGS, { input, isQuestion: true });
    if (!text.endsWith(`${END}\n`)) throw new CommandError(program, 'the answer is not whole', 0, text);
    return text.slice(0, -END.length - 1);
  };

  /** Lists each chain by itself, so that a chain with a foreign rule that iptables cannot print does not hide the others. */
  const listEach = async (table: TableName, chains: readonly string[]): Promise<readonly string[]> => {
    try {
      return (
        await list(
          table,
          chains.map((chain) => `-S ${chain}`),
        )
      ).split('\n');
    } catch (error) {
      if (!(error instanceof CommandError) || error.exitCode === undefined) throw error;
      const [only] = chains;
      if (only === undefined) return [];
      if (chains.length === 1) return [`-N ${only}`, `-A ${only} ${UNREAD}`];
      const middle = chains.length >> 1;
      return [...(await listEach(table, chains.slice(0, middle))), ...(await listEach(table, chains.slice(middle)))];
    }
  };

  /** Checks that the tool works, if there was nothing to list. @throws CommandError */
  const requireTool = (table: TableName): Promise<string> => list(table, []);

  const hookLines = async (place: ChainPlace): Promise<readonly string[]> =>
    (await nft.rules(place)).map(({ target, isPlainJump }) => {
      const jump = target === undefined || !isOwnChain(target) ? [] : ['-j', target];
      return ['-A', place.chain, ...(isPlainJump && jump.length > 0 ? [] : [UNREAD]), ...jump].join(' ');
    });

  /** Returns lines for chains that have more uses than our own rules and the hooks. */
  const heldLines = (chains: readonly NftChain[], lines: readonly string[]): readonly string[] => {
    const targets = countTargets(lines);
    const rules = Map.groupBy(lines, (line) => /^-A (\S+)/.exec(line)?.[1] ?? '');
    return chains
      .filter(({ name, uses }) => uses > (rules.get(name)?.length ?? 0) + (targets.get(name) ?? 0))
      .map(({ name }) => `-A ${UNREAD} -j ${name}`);
  };

  const ownChains = async (table: TableName): Promise<readonly NftChain[]> =>
    (await nft.chains(family)).filter((chain) => chain.table === table && isOwnChain(chain.name));

  /** Returns our part chain by chain, if the table as a whole cannot be printed. */
  const readPieces = async (table: TableName): Promise<string> => {
    await requireTool(table);
    const chains = await ownChains(table);
    const hooks = await Promise.all(HOOKS_OF[table].map((chain) => hookLines({ family, table, chain })));
    const own =
      chains.length === 0
        ? []
        : await listEach(
            table,
            chains.map(({ name }) => name),
          );
    const lines = [...own, ...hooks.flat()].filter((line) => line !== '');
    const declared = new Set(lines.map((line) => /^-N (\S+)/.exec(line)?.[1]));
    const missing = chains.find(({ name }) => !declared.has(name));
    if (missing !== undefined) throw new Error(`the answer lacks the chain ${missing.name}`);
    return `${[...lines, ...heldLines(chains, lines)].join('\n')}\n`;
  };

  return {
    read: (table) =>
      orUnread(family, table, async () => {
        try {
          return await list(table, ['-S']);
        } catch (error) {
          if (!(error instanceof CommandError) || error.exitCode === undefined) throw error;
          return readPieces(table);
        }
      }),
    holdsOurs: (table) => orUnread(family, table, async () => (await ownChains(table)).length > 0),
  };
};
