import type { IpFamily } from '../../src/model/family.ts';

/** How pods hang on their node, by CNI's plugins of these names: `ptp` as kindnet does, `bridge` as flannel does. */
export const CNI_KINDS = ['ptp', 'bridge'] as const;
export type CniKind = (typeof CNI_KINDS)[number];

export const PROXY_MODES = ['iptables', 'nftables'] as const;
export type ProxyMode = (typeof PROXY_MODES)[number];

export const FAMILY_CHOICES = ['ipv4', 'ipv6', 'dual'] as const;
export type FamilyChoice = (typeof FAMILY_CHOICES)[number];

/** What a cluster is made of. */
export interface ClusterSettings {
  /** The first is the primary one: of node and Service addresses where only one is told. */
  readonly families: readonly IpFamily[];
  readonly cni: CniKind;
  readonly proxyMode: ProxyMode;
}

export const familiesOf = (choice: FamilyChoice): readonly IpFamily[] =>
  choice === 'dual' ? ['ipv4', 'ipv6'] : [choice];
