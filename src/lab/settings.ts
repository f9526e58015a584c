import type { IpFamily } from '../model/family.ts';

/**
 * How pods hang on their node: `ptp` is a veth pair with host routes, as kindnet and the CNI's ptp plugin do; `bridge` a
 * Linux bridge whose packets br_netfilter shows to iptables, as flannel and the bridge plugin do.
 */
export type Attach = 'ptp' | 'bridge';

export type IptablesBackend = 'nft' | 'legacy';

export interface LabSettings {
  readonly families: readonly IpFamily[];
  readonly attach: Attach;
  /** The flavour of iptables that the nodes' Services are written with; one node must not mix two. */
  readonly backend: IptablesBackend;
}
