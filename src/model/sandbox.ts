/** A sandbox of a pod of this node, as the runtime noted it when it made it (libcni's result cache). */
export interface Sandbox {
  /** CNI argument K8S_POD_UID: `metadata.uid` of the pod, or for a static pod the kubelet's own. */
  readonly podUid: string;
  /** CNI arguments K8S_POD_NAMESPACE and K8S_POD_NAME; undefined where the runtime passes none. */
  readonly pod: { readonly namespace: string; readonly name: string } | undefined;
  /** Canonical, at most one per family. */
  readonly ips: readonly string[];
  /** All interfaces of the node that the plugins named: the outer end of the pod's link, and a bridge where there is one. */
  readonly hostInterfaces: readonly string[];
  /** ms since the epoch */
  readonly notedAt: number;
}
