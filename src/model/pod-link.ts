/** How a pod of the node is attached, as its network plugin told. */
export interface PodLink {
  /** Canonical, at most one per family. */
  readonly ips: readonly string[];
  /** The node's interface that is the pod's alone; undefined where there is none, or none that is told. */
  readonly hostInterface: string | undefined;
  /** Present where the plugin names more than one interface of the node, which it does where the pod hangs on a bridge. */
  readonly bridged?: BridgedLink;
}

/** How a pod hangs on a bridge. */
export interface BridgedLink {
  /** `metadata.uid` of the pod. */
  readonly podUid: string;
  /** The interfaces of the node that the result names: the bridge and the pod's port, in no certain order. */
  readonly nodeInterfaces: readonly string[];
  /** The pod's own MAC, lower case. */
  readonly mac: string;
}
