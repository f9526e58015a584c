import type { NodeBridges } from '../model/bridge-port.ts';
import type { IpFamily } from '../model/family.ts';

/** The state of the node's bridges when they were read. */
export interface BridgeLook {
  readonly node: NodeBridges;
  /** Whether br_netfilter shows bridged packets of the family to iptables, on each bridge with pods. */
  readonly shown: Readonly<Record<IpFamily, boolean>>;
}
