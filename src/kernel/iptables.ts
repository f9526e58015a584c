import type { IpFamily } from '../model/family.ts';

/** The kernel's packet filter that iptables uses (iptables-nft(8), iptables-legacy(8)). */
export type Backend = 'nft' | 'legacy';

const COMMAND: Readonly<Record<IpFamily, string>> = { ipv4: 'iptables', ipv6: 'ip6tables' };

/** Returns the program of the family and backend for single commands, such as `ip6tables-nft`. */
export const iptablesCommand = (family: IpFamily, backend: Backend): string => `${COMMAND[family]}-${backend}`;

/** Returns the program of the family and backend, such as `ip6tables-nft-restore`. */
export const iptablesProgram = (family: IpFamily, backend: Backend, verb: 'save' | 'restore'): string =>
  `${iptablesCommand(family, backend)}-${verb}`;

/** @param waitSeconds maximum seconds to wait for the xtables lock while other programs hold it */
export const restoreArguments = (waitSeconds: number): readonly string[] => ['--noflush', '-w', `${waitSeconds}`];
