import { access, readFile } from 'node:fs/promises';
import type { IpFamily } from '../model/family.ts';
import type { CommandRunner } from './command.ts';
import { type Backend, iptablesProgram } from './iptables.ts';

/** Chains that the kubelet makes, in the backend it uses, for others to find out (kubelet, since 1.22 and 1.17). */
const KUBELET_CHAINS = /^:KUBE-(?:IPTABLES-HINT|KUBELET-CANARY) /m;

/** Names of the tables that the legacy backend has made in this network namespace. */
const LEGACY_TABLES = '/proc/net/ip_tables_names';

/** Present where IPv6 is compiled in and not disabled. */
const IPV6_INTERFACES = '/proc/net/if_inet6';

const readIfThere = async (path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return '';
  }
};

const countRules = (save: string): number => save.split('\n').filter((line) => line.startsWith('-A ')).length;

/** Whether the legacy backend has tables here. Asking that backend itself would make them. */
export const hasLegacyTables = async (): Promise<boolean> => (await readIfThere(LEGACY_TABLES)).trim() !== '';

/**
 * The backend that the node's other programs use: the one in which the kubelet left its hint, else the one that holds
 * more rules, else nft. Rules in the other one would be met too, but nobody would look for them there.
 */
export const detectBackend = async (runner: CommandRunner): Promise<Backend> => {
  const save = (backend: Backend): Promise<string> => runner.run(iptablesProgram('ipv4', backend, 'save'), []);
  if (!(await hasLegacyTables())) return 'nft';
  const [nft, legacy] = await Promise.all([save('nft'), save('legacy')]);
  if (KUBELET_CHAINS.test(nft)) return 'nft';
  if (KUBELET_CHAINS.test(legacy)) return 'legacy';
  return countRules(legacy) > countRules(nft) ? 'legacy' : 'nft';
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
