import { access } from 'node:fs/promises';
import type { IpFamily } from '../model/family.ts';
import { declaredIn } from '../render/company.ts';
import { CommandError, type CommandRunner } from './command.ts';
import { type Backend, iptablesProgram } from './iptables.ts';
import { printLegacyTables } from './legacy-tables.ts';
import { NetlinkError } from './netlink/netlink.ts';
import type { NftReader } from './netlink/nft-reader.ts';
import { readIfThere } from './read-if-there.ts';

/** No backend of iptables can be used on this node; the message says why, of each. */
export class BackendError extends Error {
  constructor(reasons: readonly string[]) {
    super(`no backend of iptables can be used: ${reasons.join('; ')}`);
    this.name = 'BackendError';
  }
}

/** Chains that the kubelet makes in the mangle table of the backend it uses, for others to find out (since 1.24 and 1.17). */
const KUBELET_CHAINS = /^KUBE-(?:IPTABLES-HINT|KUBELET-CANARY)$/;

/** Names of the tables that the legacy backend has made in this network namespace. */
const LEGACY_TABLES = ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'];

/** Present where IPv6 is compiled in and not disabled. */
const IPV6_INTERFACES = '/proc/net/if_inet6';

const countRules = (saves: readonly string[]): number =>
  saves.reduce((sum, save) => sum + save.split('\n').filter((line) => line.startsWith('-A ')).length, 0);

/** Whether the legacy backend has tables here. Asking that backend itself would make them. */
export const hasLegacyTables = async (): Promise<boolean> =>
  (await Promise.all(LEGACY_TABLES.map(readIfThere))).join('').trim() !== '';

/** What of one backend can be used. */
interface Found {
  readonly isKubelets: boolean;
  readonly countRules: () => Promise<number>;
}

/**
 * The backend that the node's other programs use, found out as Kubernetes' iptables-wrappers do: the one in which the kubelet
 * left its hint, else the one that holds more rules of both families, else nft. Rules in the other one would be met too, but
 * nobody would look for them there. One whose tools are missing, or whose kernel modules are, is not taken; a backend that
 * serves one family alone is, since the other family fails by itself. What the tables hold of others need not be anything that
 * this machine's tools can print.
 * @throws BackendError where neither can be used
 */
export const detectBackend = async (
  { runner, nft: reader }: { readonly runner: CommandRunner; readonly nft: NftReader },
  families: readonly IpFamily[],
): Promise<Backend> => {
  const reasons = new Set<string>();
  /** What is found of the families that can be used. */
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
  /** Whether the tools are there at all; anything more would make tables. */
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
          // Where they cannot be printed, they are about as many as there are uses of chains.
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

/** The families that the node's kernel has. */
export const detectFamilies = async (): Promise<readonly IpFamily[]> => {
  try {
    await access(IPV6_INTERFACES);
    return ['ipv4', 'ipv6'];
  } catch {
    return ['ipv4'];
  }
};
