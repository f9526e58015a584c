import type { IpFamily } from '../model/family.ts';
import { isBodyChain } from '../program/names.ts';
import { RECORD_GROUPS } from '../program/records.ts';
import { bodyOf, type Refused, refusedPackets } from '../render/parse-refused.ts';
import type { TableName } from '../render/plan-table.ts';
import type { CommandRunner } from './command.ts';
import { type Backend, iptablesCommand } from './iptables.ts';

/** A chain whose counters are read. */
export interface AskedChain {
  readonly family: IpFamily;
  readonly table: TableName;
  /** What its reports name. */
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
  const list = (family: IpFamily, table: TableName, chain: string): Promise<string> =>
    runner.run(iptablesCommand(family, backend), ['-t', table, '-v', '-S', chain]).catch(() => '');
  const found: (Refused & { readonly family: IpFamily })[] = [];
  // One after the other: nobody waits for it, and the loop's own commands are to have room.
  for (const { family, table, prefix } of asked) {
    const listed = await list(family, table, prefix);
    const body = bodyOf(listed);
    const text = body !== undefined && isBodyChain(body) ? await list(family, table, body) : listed;
    for (const refused of refusedPackets(text, RECORD_GROUPS)) found.push({ ...refused, family });
  }
  return found;
};
