import type { IpFamily } from '../model/family.ts';
import { RECORD_GROUPS } from '../program/records.ts';
import { type Refused, refusedPackets } from '../render/parse-counters.ts';
import type { TableName } from '../render/plan-table.ts';
import { listRules } from './chain-counters.ts';
import type { CommandRunner } from './command.ts';
import { type Backend, iptablesCommand } from './iptables.ts';

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
