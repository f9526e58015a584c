import type { ClusterSnapshot } from '../../model/snapshot.ts';
import type { PodEndpoint } from '../../model/pod.ts';

export interface EnforcedPodsDeps {
  readonly node: string;
  readonly snapshot: () => ClusterSnapshot;
  /** Only pods with a readiness gate that waits for the condition. */
  readonly gatedOnly: boolean;
  /** Told once of each pod of the node whose address and policies are in the kernel, and that has no condition yet. */
  readonly onEnforced: (pod: PodEndpoint) => void;
  readonly onGone: (podUid: string) => void;
}

/** Finds the pods that a pass of the loop has brought into force. */
export interface EnforcedPods {
  /** A pod came, changed or went. */
  changed(podUid: string): void;
  /** A pass takes the state as it is now. */
  taken(): void;
  /** How the pass ended that took the state last. */
  ended(succeeded: boolean): void;
}

export const trackEnforcedPods = (deps: EnforcedPodsDeps): EnforcedPods => {
  const { node, snapshot, gatedOnly, onEnforced, onGone } = deps;
  const changedPods = new Set<string>();
  const inPass = new Set<string>();
  /** Pods that were told of. */
  const told = new Set<string>();

  /** What is closed is no pod of the API server any more. */
  const podOf = (podUid: string): PodEndpoint | undefined => {
    const pod = snapshot().pods.get(podUid);
    return pod?.closed === undefined ? pod : undefined;
  };

  const isDue = (pod: PodEndpoint | undefined): pod is PodEndpoint =>
    pod?.node === node &&
    !pod.hostNetwork &&
    pod.ips.length > 0 &&
    pod.isEnforced !== true &&
    (!gatedOnly || pod.awaitsEnforcement === true);

  return {
    changed(podUid) {
      const pod = podOf(podUid);
      if (pod === undefined && told.delete(podUid)) onGone(podUid);
      if (pod?.node === node && !told.has(podUid)) changedPods.add(podUid);
    },
    taken() {
      if (changedPods.size === 0) return;
      // A failed pass is followed by one that takes everything anew: what it had taken stays in.
      for (const uid of changedPods) if (isDue(podOf(uid))) inPass.add(uid);
      changedPods.clear();
    },
    ended(succeeded) {
      if (!succeeded || inPass.size === 0) return;
      for (const uid of inPass) {
        const pod = podOf(uid);
        if (!isDue(pod)) continue;
        told.add(uid);
        onEnforced(pod);
      }
      inPass.clear();
    },
  };
};
