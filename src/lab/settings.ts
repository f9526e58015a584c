import type { IpFamily } from '../model/family.ts';

/**
 * How pods are attached to their node: `ptp` by a veth pair with host routes, as kindnet and the CNI's ptp plugin do;
 * `bridge` by a Linux bridge whose packets br_netfilter shows to iptables, as flannel and the bridge plugin do.
 */
export type Attach = 'ptp' | 'bridge';

export type IptablesBackend = 'nft' | 'legacy';

export interface LabSettings {
  readonly families: readonly IpFamily[];
  readonly attach: Attach;
  /** The iptables backend for the nodes' Services; a node must not mix two. */
  readonly backend: IptablesBackend;
}
