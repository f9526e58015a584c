/** The other end of a bridge port by its kind: possibly a pod, or certainly none. */
export type PortKind = 'pod-like' | 'uplink';

/** An interface of the node that is a port of a bridge. */
export interface BridgePort {
  readonly name: string;
  /** The kernel's index of the interface: another interface with the same name has another index. */
  readonly index: number;
  readonly kind: PortKind;
}

/** A bridge of the node that pods are attached to. */
export interface PodBridge {
  readonly name: string;
  /** The kernel's index of the bridge. */
  readonly index: number;
  /** Lower case, as in /sys. */
  readonly mac: string;
  readonly ports: readonly BridgePort[];
  /** Canonical blocks of both families that the node routes to the bridge without a gateway. */
  readonly subnets: readonly string[];
}

/** The bridges of a node, from its kernel. */
export interface NodeBridges {
  /** Bridges with pods, sorted by name. */
  readonly bridges: readonly PodBridge[];
  /** Sorted ports of all other bridges, which are not examined further. */
  readonly otherPorts: readonly string[];
  /** All canonical addresses of the node itself, sorted. */
  readonly nodeAddresses: readonly string[];
}

export const NO_BRIDGES: NodeBridges = { bridges: [], otherPorts: [], nodeAddresses: [] };

/** A port whose pod is known. */
export interface PortOwner {
  readonly port: string;
  /** Lower case. */
  readonly mac: string;
  /** Canonical addresses of the pod. */
  readonly ips: readonly string[];
  /** `metadata.uid` of the pod. */
  readonly podUid: string;
  /** `result`: the network plugin's result names the port. `learned`: only this port answered for the pod's addresses. */
  readonly origin: 'result' | 'learned';
}
