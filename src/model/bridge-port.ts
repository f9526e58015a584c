/** What a port of a bridge leads to: a pod, or anything else that has no pod behind it by its kind. */
export type PortKind = 'pod-like' | 'uplink';

/** An interface of the node that is a port of a bridge. */
export interface BridgePort {
  readonly name: string;
  /** The kernel's number of the interface: another interface of the same name has another. */
  readonly index: number;
  readonly kind: PortKind;
}

/** A bridge of the node that pods hang on. */
export interface PodBridge {
  readonly name: string;
  /** The kernel's number of it. */
  readonly index: number;
  /** Lower case, as /sys prints it. */
  readonly mac: string;
  readonly ports: readonly BridgePort[];
  /** Canonical blocks of the node's routes that lead to the bridge without a gateway, of both families. */
  readonly subnets: readonly string[];
}

/** The bridges of a node, as its kernel tells. */
export interface NodeBridges {
  /** Those that pods hang on, sorted by name. */
  readonly bridges: readonly PodBridge[];
  /** Ports of all other bridges, sorted: nothing of them is looked at. */
  readonly otherPorts: readonly string[];
  /** All addresses of the node itself, canonical, sorted. */
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
  /** `result`: the network plugin's result names the port. `learned`: the port alone answered for the pod's addresses. */
  readonly origin: 'result' | 'learned';
}
