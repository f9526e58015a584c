/** How a pod of the node is attached, from its network plugin. */
export interface PodLink {
  /** Canonical, one per family. */
  readonly ips: readonly string[];
  /** The node's interface that belongs to the pod alone; undefined if there is none, or none is known. */
  readonly hostInterface: string | undefined;
  /** Present if the plugin names several interfaces of the node, which it does for a pod on a bridge. */
  readonly bridged?: BridgedLink;
}

/** How a pod is attached to a bridge. */
export interface BridgedLink {
  /** `metadata.uid` of the pod. */
  readonly podUid: string;
  /** The node's interfaces in the result: the bridge and the pod's port, in any order. */
  readonly nodeInterfaces: readonly string[];
  /** The pod's own MAC, lower case. */
  readonly mac: string;
}
