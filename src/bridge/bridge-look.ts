import type { NodeBridges } from '../model/bridge-port.ts';
import type { IpFamily } from '../model/family.ts';

/** What a look at the node tells of its bridges. */
export interface BridgeLook {
  readonly node: NodeBridges;
  /** br_netfilter shows bridged packets of the family, on each bridge of pods. */
  readonly shown: Readonly<Record<IpFamily, boolean>>;
}
