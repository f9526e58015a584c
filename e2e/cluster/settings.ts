import type { IpFamily } from '../../src/model/family.ts';

/** How pods are attached to their node, by the CNI plugins of these names: `ptp` as in kindnet, `bridge` as in flannel. */
export const CNI_KINDS = ['ptp', 'bridge'] as const;
export type CniKind = (typeof CNI_KINDS)[number];

export const PROXY_MODES = ['iptables', 'nftables'] as const;
export type ProxyMode = (typeof PROXY_MODES)[number];

export const FAMILY_CHOICES = ['ipv4', 'ipv6', 'dual'] as const;
export type FamilyChoice = (typeof FAMILY_CHOICES)[number];

/** The settings of a cluster. */
export interface ClusterSettings {
  /** The first is the primary family: that of node and Service addresses where there is only one. */
  readonly families: readonly IpFamily[];
  readonly cni: CniKind;
  readonly proxyMode: ProxyMode;
}

export const familiesOf = (choice: FamilyChoice): readonly IpFamily[] =>
  choice === 'dual' ? ['ipv4', 'ipv6'] : [choice];
