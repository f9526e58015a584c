/** How a pod of the node is attached, as its network plugin told. */
export interface PodLink {
  /** Canonical, at most one per family. */
  readonly ips: readonly string[];
  /** The node's interface that is the pod's alone; undefined where there is none, or none that is told. */
  readonly hostInterface: string | undefined;
}
