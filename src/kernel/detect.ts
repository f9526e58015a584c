import { access } from 'node:fs/promises';
import type { IpFamily } from '../model/family.ts';
import { declaredIn } from '../render/company.ts';
import { CommandError, type CommandRunner } from './command.ts';
import { type Backend, iptablesProgram } from './iptables.ts';
import { printLegacyTables } from './legacy-tables.ts';
import { NetlinkError } from './netlink/netlink.ts';
import type { NftReader } from './netlink/nft-reader.ts';
import { readIfThere } from './read-if-there.ts';

/** No iptables backend is usable on this node; the message says why, for each. */
export class BackendError extends Error {
  constructor(reasons: readonly string[]) {
    super(`no backend of iptables can be used: ${reasons.join('; ')}`);
    this.name = 'BackendError';
  }
}

/** Chains that the kubelet creates in the mangle table of its backend, for other programs to find (since 1.24 and 1.17). */
const KUBELET_CHAINS = /^KUBE-(?:IPTABLES-HINT|KUBELET-CANARY)$/;

/** Files with the names of the legacy backend's tables in this network namespace. */
const LEGACY_TABLES = ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'];

/** Present if IPv6 is compiled in and not disabled. */
const IPV6_INTERFACES = '/proc/net/if_inet6';

const countRules = (saves: readonly string[]): number =>
  saves.reduce((sum, save) => sum + save.split('\n').filter((line) => line.startsWith('-A ')).length, 0);

/** Reports whether the legacy backend has tables here. Running that backend itself would create them. */
export const hasLegacyTables = async (): Promise<boolean> =>
  (await Promise.all(LEGACY_TABLES.map(readIfThere))).join('').trim() !== '';

/** The usable parts of one backend. */
interface Found {
  readonly isKubelets: boolean;
  readonly countRules: () => Promise<number>;
}

/**
 * Detects the backend of the node's other programs as Kubernetes' iptables-wrappers do: the one with the kubelet's
 * hint, else the one with more rules of both families, else nft. Packets would meet rules in the other backend too, but
 * nobody would look for them there. A backend whose tools or kernel modules are missing is not used; one that serves a
 * single family is, since the other family fails by itself. The tools of this machine need not be able to print other
 * programs' rules.
 * @throws BackendError if neither is usable
 */
export const detectBackend = async (
  { runner, nft: reader }: { readonly runner: CommandRunner; readonly nft: NftReader },
  families: readonly IpFamily[],
): Promise<Backend> => {
  const reasons = new Set<string>();
  /** Returns the results for the usable families. */
  const ofEach = async <T>(find: (family: IpFamily) => Promise<T>): Promise<readonly T[]> => {
    const found = await Promise.all(
      families.map(async (family) => {
        try {
          return [await find(family)];
        } catch (error) {
          if (!(error instanceof CommandError) && !(error instanceof NetlinkError)) throw error;
          reasons.add(error.message);
          return [];
        }
      }),
    );
    return found.flat();
  };
  /** Checks that the tools exist; anything more would create tables. */
  const requireTools = (family: IpFamily, backend: Backend): Promise<unknown> =>
    runner.run(iptablesProgram(family, backend, 'restore'), ['--version']);

  const lookAtNft = async (): Promise<Found | undefined> => {
    const found = await ofEach(async (family) => {
      await requireTools(family, 'nft');
      return { family, chains: await reader.chains(family) };
    });
    const chains = found.flatMap((each) => each.chains);
    const savedRules = async (): Promise<number> =>
      countRules(await Promise.all(found.map(({ family }) => runner.run(iptablesProgram(family, 'nft', 'save'), []))));
    return found.length === 0
      ? undefined
      : {
          isKubelets: chains.some(({ table, name }) => table === 'mangle' && KUBELET_CHAINS.test(name)),
          // If they cannot be printed, their number is about the number of uses of chains.
          countRules: () => savedRules().catch(() => chains.reduce((sum, { uses }) => sum + uses, 0)),
        };
  };

  const lookAtLegacy = async (): Promise<Found | undefined> => {
    const found = await ofEach((family) => printLegacyTables(runner, family));
    const saves = found.flat();
    return found.length === 0
      ? undefined
      : {
          isKubelets: saves.flatMap(declaredIn).some((name) => KUBELET_CHAINS.test(name)),
          countRules: () => Promise.resolve(countRules(saves)),
        };
  };

  const nft = await lookAtNft();
  if (nft?.isKubelets === true) return 'nft';
  if (await hasLegacyTables()) {
    const legacy = await lookAtLegacy();
    if (legacy !== undefined) {
      if (nft === undefined || legacy.isKubelets) return 'legacy';
      return (await legacy.countRules()) > (await nft.countRules()) ? 'legacy' : 'nft';
    }
  }
  if (nft !== undefined) return 'nft';
  if ((await ofEach((family) => requireTools(family, 'legacy'))).length > 0) return 'legacy';
  throw new BackendError([...reasons]);
};

/** Returns the families that the node's kernel has. */
export const detectFamilies = async (): Promise<readonly IpFamily[]> => {
  try {
    await access(IPV6_INTERFACES);
    return ['ipv4', 'ipv6'];
  } catch {
    return ['ipv4'];
  }
};
