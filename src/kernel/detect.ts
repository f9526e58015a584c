import { access } from 'node:fs/promises';
import type { IpFamily } from '../model/family.ts';
import { CommandError, type CommandRunner } from './command.ts';
import { type Backend, iptablesProgram } from './iptables.ts';
import { readIfThere } from './read-if-there.ts';

/** No backend of iptables can be used on this node; the message says why, of each. */
export class BackendError extends Error {
  constructor(reasons: readonly string[]) {
    super(`no backend of iptables can be used: ${reasons.join('; ')}`);
    this.name = 'BackendError';
  }
}

/** Chains that the kubelet makes in the mangle table of the backend it uses, for others to find out (since 1.24 and 1.17). */
const KUBELET_CHAINS = /^:KUBE-(?:IPTABLES-HINT|KUBELET-CANARY) /m;

/** Names of the tables that the legacy backend has made in this network namespace. */
const LEGACY_TABLES = ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'];

/** Present where IPv6 is compiled in and not disabled. */
const IPV6_INTERFACES = '/proc/net/if_inet6';

const countRules = (saves: readonly string[]): number =>
  saves.reduce((sum, save) => sum + save.split('\n').filter((line) => line.startsWith('-A ')).length, 0);

/** Whether the legacy backend has tables here. Asking that backend itself would make them. */
export const hasLegacyTables = async (): Promise<boolean> =>
  (await Promise.all(LEGACY_TABLES.map(readIfThere))).join('').trim() !== '';

/**
 * The backend that the node's other programs use, found out as Kubernetes' iptables-wrappers do: the one in which the kubelet
 * left its hint, else the one that holds more rules of both families, else nft. Rules in the other one would be met too, but
 * nobody would look for them there. One whose tools are missing, or whose kernel modules are, is not taken.
 * @throws BackendError where neither can be used
 */
export const detectBackend = async (runner: CommandRunner, families: readonly IpFamily[]): Promise<Backend> => {
  const saves = (backend: Backend, args: readonly string[] = []): Promise<readonly string[]> =>
    Promise.all(families.map((family) => runner.run(iptablesProgram(family, backend, 'save'), args)));
  const reasons: string[] = [];
  const orWhyNot = (error: unknown): undefined => {
    if (!(error instanceof CommandError)) throw error;
    reasons.push(error.message);
  };

  const nft = await saves('nft', ['-t', 'mangle']).catch(orWhyNot);
  if (nft?.some((save) => KUBELET_CHAINS.test(save)) === true) return 'nft';
  if (await hasLegacyTables()) {
    const legacy = await saves('legacy').catch(orWhyNot);
    if (legacy !== undefined) {
      if (nft === undefined || legacy.some((save) => KUBELET_CHAINS.test(save))) return 'legacy';
      return countRules(legacy) > countRules(await saves('nft')) ? 'legacy' : 'nft';
    }
  }
  if (nft !== undefined) return 'nft';
  // Whether they are there at all; anything more would make tables.
  if ((await saves('legacy', ['--version']).catch(orWhyNot)) !== undefined) return 'legacy';
  throw new BackendError(reasons);
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
