import type { IpFamily } from '../model/family.ts';
import { isBodyChain } from '../program/names.ts';
import { bodyOf, type CountedRule, readCountedRules, type Refused, refusedPackets } from '../render/parse-counters.ts';
import { CommandError, type CommandRunner } from './command.ts';
import { hasLegacyTables } from './detect.ts';
import { type Backend, iptablesCommand } from './iptables.ts';
import { NetlinkError } from './netlink/netlink.ts';
import type { NftReader } from './netlink/nft-reader.ts';
import { RECORD_GROUPS } from '../program/records.ts';
import type { TableName } from '../render/plan-table.ts';

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

/** Lists a chain of ours by `list`, or its body where it has one: the rules are there then. */
const listRules = async (list: (chain: string) => Promise<string>, chain: string): Promise<string> => {
  const listed = await list(chain);
  const body = bodyOf(listed);
  return body !== undefined && isBodyChain(body) ? list(body) : listed;
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
    const list = (name: string): Promise<string> =>
      tools.runner.run(iptablesCommand(family, backend), ['-w', '5', '-t', table, '-v', '-S', name]);
    try {
      return readCountedRules(await listRules(list, chain));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
    }
  }
  return undefined;
};

/** A chain whose counters are read. */
export interface AskedChain {
  readonly family: IpFamily;
  readonly table: TableName;
  /** The prefix of its reports. */
  readonly prefix: string;
}

/**
 * Packets that the chains have dropped since they were loaded, those in their bodies included. Chains that are not there any
 * more have none. Rules of others are not read.
 */
export const readRefusedPackets = async (
  runner: CommandRunner,
  backend: Backend,
  asked: readonly AskedChain[],
): Promise<readonly (Refused & { readonly family: IpFamily })[]> => {
  const found: (Refused & { readonly family: IpFamily })[] = [];
  // One after the other: nobody waits for it, and the loop's own commands are to have room.
  for (const { family, table, prefix } of asked) {
    const list = (chain: string): Promise<string> =>
      runner.run(iptablesCommand(family, backend), ['-t', table, '-v', '-S', chain]).catch(() => '');
    const listed = await listRules(list, prefix);
    for (const refused of refusedPackets(listed, RECORD_GROUPS)) found.push({ ...refused, family });
  }
  return found;
};
