import type { IpFamily } from '../model/family.ts';
import { findEngines, holdsRules } from '../render/company.ts';
import { tableNames, TABLES_REQUEST } from '../render/netlink/nft-tables.ts';
import type { CommandRunner } from './command.ts';
import { hasLegacyTables } from './detect.ts';
import { type Backend, iptablesProgram } from './iptables.ts';
import { type Netlink, NetlinkError } from './netlink/netlink.ts';

/** Who else works on the node's packet filter. */
export interface Company {
  /** Other programs that enforce policy: their verdicts and ours add up. */
  readonly engines: readonly string[];
  /** Rules in the backend that the agent does not use: a packet meets both, and people see only one. */
  readonly mixedBackends: boolean;
}

const OTHER: Readonly<Record<Backend, Backend>> = { nft: 'legacy', legacy: 'nft' };

/** A kernel without nftables refuses the request. */
const tablesOf = async (netlink: Netlink): Promise<readonly string[]> => {
  try {
    return tableNames(await netlink.request(TABLES_REQUEST));
  } catch (error) {
    if (error instanceof NetlinkError && error.code < 0) return [];
    throw error;
  }
};

/** Reads all tables of all backends in use, for which it takes some time. @throws CommandError */
export const lookForCompany = async (
  runner: CommandRunner,
  netlink: Netlink,
  backend: Backend,
  families: readonly IpFamily[],
): Promise<Company> => {
  const save = async (of: Backend): Promise<readonly string[]> =>
    // Asking the legacy backend makes its tables.
    of === 'legacy' && !(await hasLegacyTables())
      ? []
      : Promise.all(families.map((family) => runner.run(iptablesProgram(family, of, 'save'), [])));
  const own = await save(backend);
  const other = await save(OTHER[backend]);
  return {
    engines: findEngines([...own, ...other], await tablesOf(netlink)),
    mixedBackends: other.some(holdsRules),
  };
};
