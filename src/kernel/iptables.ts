import type { IpFamily } from '../model/family.ts';

/** Which of the kernel's two packet filters iptables speaks to (iptables-nft(8), iptables-legacy(8)). */
export type Backend = 'nft' | 'legacy';

const COMMAND: Readonly<Record<IpFamily, string>> = { ipv4: 'iptables', ipv6: 'ip6tables' };

/** The program of the family and backend that takes one command, e.g. `ip6tables-nft`. */
export const iptablesCommand = (family: IpFamily, backend: Backend): string => `${COMMAND[family]}-${backend}`;

/** The program of the family and backend, e.g. `ip6tables-nft-restore`. */
export const iptablesProgram = (family: IpFamily, backend: Backend, verb: 'save' | 'restore'): string =>
  `${iptablesCommand(family, backend)}-${verb}`;

/** @param waitSeconds how long to wait for the xtables lock that other programs hold */
export const restoreArguments = (waitSeconds: number): readonly string[] => ['--noflush', '-w', `${waitSeconds}`];
