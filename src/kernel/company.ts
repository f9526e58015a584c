import type { IpFamily } from '../model/family.ts';
import { declaredIn, findEngines, holdsRules, isHint } from '../render/company.ts';
import { tableNames, TABLES_REQUEST } from '../render/netlink/nft-tables.ts';
import type { CommandRunner } from './command.ts';
import { hasLegacyTables } from './detect.ts';
import type { Backend } from './iptables.ts';
import { printLegacyTables } from './legacy-tables.ts';
import { type Netlink, NetlinkError } from './netlink/netlink.ts';
import type { NftReader } from './netlink/nft-reader.ts';

/** Other programs that work on the node's packet filter. */
export interface Company {
  /** Co-tenant engines: their verdicts and ours add up. */
  readonly engines: readonly string[];
  /** Whether the backend that the agent does not use has rules: a packet meets both, and people see only one. */
  readonly mixedBackends: boolean;
}

/** Names of chains, and whether there are rules beside the kubelet's hints. The rules themselves are not read. */
interface Seen {
  readonly chains: readonly string[];
  readonly hasRules: boolean;
}

/** The tables that iptables-nft knows; nftables has further ones of other programs. */
const IPTABLES_TABLES = new Set(['filter', 'nat', 'mangle', 'raw', 'security']);

/** Returns nothing if the kernel has no nftables, and so refuses the request. */
const orNone = async <T>(answer: Promise<readonly T[]>): Promise<readonly T[]> => {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NetlinkError && error.code < 0) return [];
    throw error;
  }
};

const lookAtNft = async (nft: NftReader, families: readonly IpFamily[]): Promise<Seen> => {
  const chains = (await Promise.all(families.map((family) => orNone(nft.chains(family))))).flat();
  const known = chains.filter(({ table }) => IPTABLES_TABLES.has(table));
  return {
    chains: known.map(({ name }) => name),
    hasRules: known.some(({ name, uses }) => uses > 0 && !isHint(name)),
  };
};

const lookAtLegacy = async (runner: CommandRunner, families: readonly IpFamily[]): Promise<Seen> => {
  // Reading the legacy backend would create its tables.
  if (!(await hasLegacyTables())) return { chains: [], hasRules: false };
  // A family that cannot be read does not hide the other one.
  const saves = (await Promise.all(families.map((family) => printLegacyTables(runner, family).catch(() => [])))).flat();
  return { chains: saves.flatMap(declaredIn), hasRules: saves.some(holdsRules) };
};

/** Reads the tables of all backends in use. @throws CommandError, or NetlinkError */
export const lookForCompany = async (
  { runner, netlink, nft }: { readonly runner: CommandRunner; readonly netlink: Netlink; readonly nft: NftReader },
  backend: Backend,
  families: readonly IpFamily[],
): Promise<Company> => {
  const seen = { nft: await lookAtNft(nft, families), legacy: await lookAtLegacy(runner, families) };
  return {
    engines: findEngines(
      [...seen.nft.chains, ...seen.legacy.chains],
      tableNames(await orNone(netlink.request(TABLES_REQUEST))),
    ),
    mixedBackends: seen[backend === 'nft' ? 'legacy' : 'nft'].hasRules,
  };
};
