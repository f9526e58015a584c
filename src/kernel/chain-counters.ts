import type { IpFamily } from '../model/family.ts';
import { isBodyChain } from '../program/names.ts';
import { type CountedRule, readCountedRules } from '../render/parse-counters.ts';
import { CommandError, type CommandRunner } from './command.ts';
import { hasLegacyTables } from './detect.ts';
import { type Backend, iptablesCommand } from './iptables.ts';
import { NetlinkError } from './netlink/netlink.ts';
import type { NftReader } from './netlink/nft-reader.ts';

interface Tools {
  readonly runner: CommandRunner;
  readonly nft: Pick<NftReader, 'chains'>;
}

interface Place {
  readonly backend: Backend;
  readonly table: string;
}

/** Tables that policy may be judged in. */
const TABLES: readonly string[] = ['security', 'filter'];

/** Returns the tables that may contain the chain. It lists a legacy table only if that does not create the table. */
const placesOf = async ({ nft }: Tools, family: IpFamily, chain: string): Promise<readonly Place[]> => {
  try {
    const found = (await nft.chains(family)).filter(({ table, name }) => name === chain && TABLES.includes(table));
    if (found.length > 0) return found.map(({ table }) => ({ backend: 'nft', table }));
  } catch (error) {
    // A kernel without nftables, or no right to ask it.
    if (!(error instanceof NetlinkError)) throw error;
  }
  return (await hasLegacyTables()) ? TABLES.map((table) => ({ backend: 'legacy', table })) : [];
};

/**
 * Reads the rules of a chain of ours on this node with their counters, those of its body where it has one; undefined where
 * there is no such chain, or it cannot be read.
 */
export const readChainCounters = async (
  tools: Tools,
  family: IpFamily,
  chain: string,
): Promise<readonly CountedRule[] | undefined> => {
  for (const { backend, table } of await placesOf(tools, family, chain)) {
    const list = async (name: string): Promise<readonly CountedRule[]> =>
      readCountedRules(
        await tools.runner.run(iptablesCommand(family, backend), ['-w', '5', '-t', table, '-v', '-S', name]),
      );
    try {
      const rules = await list(chain);
      const [first] = rules;
      return rules.length === 1 && first !== undefined && isBodyChain(first.target) ? await list(first.target) : rules;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
    }
  }
  return undefined;
};
