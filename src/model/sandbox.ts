/** A sandbox of a pod of this node, from the result that the runtime stored when it made it (libcni's result cache). */
export interface Sandbox {
  /** CNI argument K8S_POD_UID: the pod's `metadata.uid`; for a static pod the kubelet's own. */
  readonly podUid: string;
  /** CNI arguments K8S_POD_NAMESPACE and K8S_POD_NAME; undefined if the runtime passes none. */
  readonly pod: { readonly namespace: string; readonly name: string } | undefined;
  /** Canonical, one per family. */
  readonly ips: readonly string[];
  /**
   * All interfaces of the node that the plugins reported: the outer end of the pod's link, and the bridge if there is
   * one.
   */
  readonly hostInterfaces: readonly string[];
  /** In ms since the epoch. */
  readonly notedAt: number;
}
