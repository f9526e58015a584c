import type { ClusterSnapshot } from '../../model/snapshot.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { IN_FORCE, type PodVerdict } from './enforced-condition.ts';

export interface EnforcedPodsDeps {
  readonly node: string;
  readonly snapshot: () => ClusterSnapshot;
  /** Only pods with a readiness gate that waits for the condition. */
  readonly gatedOnly: boolean;
  /** What is to be said of a pod whose address and policies a pass took; by default that they are in force. Undefined as long as it is not known. */
  readonly verdictOf?: (pod: PodEndpoint) => PodVerdict | undefined;
  /** Told of each pod of the node that a pass took, once for each verdict that its condition does not say already. */
  readonly onEnforced: (pod: PodEndpoint, verdict: PodVerdict) => void;
  readonly onGone: (podUid: string) => void;
}

/** Finds what is to be said of the pods that a pass of the loop has brought into force, or could not. */
export interface EnforcedPods {
  /** A pod came, changed or went. */
  changed(podUid: string): void;
  /** A pass takes the state as it is now. */
  taken(): void;
  /** How the pass ended that took the state last. */
  ended(succeeded: boolean): void;
  /** Something else is to be said of pods that were told of, maybe. */
  reconsider(): void;
}

const keyOf = ({ status, reason, message }: PodVerdict): string => `${status} ${reason} ${message}`;

export const trackEnforcedPods = (deps: EnforcedPodsDeps): EnforcedPods => {
  const { node, snapshot, gatedOnly, verdictOf = () => IN_FORCE, onEnforced, onGone } = deps;
  const changedPods = new Set<string>();
  const inPass = new Set<string>();
  /** Pods that a pass took, and what was told of each. */
  const told = new Map<string, string | undefined>();

  /** What is closed is no pod of the API server any more. */
  const podOf = (podUid: string): PodEndpoint | undefined => {
    const pod = snapshot().pods.get(podUid);
    return pod?.closed === undefined ? pod : undefined;
  };

  const isDue = (pod: PodEndpoint | undefined): pod is PodEndpoint =>
    pod?.node === node && !pod.hostNetwork && pod.ips.length > 0 && (!gatedOnly || pod.awaitsEnforcement === true);

  const consider = (pod: PodEndpoint): void => {
    const verdict = verdictOf(pod);
    const before = told.get(pod.uid) ?? (pod.isEnforced === true ? keyOf(IN_FORCE) : undefined);
    const key = verdict === undefined ? before : keyOf(verdict);
    told.set(pod.uid, key);
    if (verdict !== undefined && key !== before) onEnforced(pod, verdict);
  };

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
        if (isDue(pod)) consider(pod);
      }
      inPass.clear();
    },
    reconsider() {
      for (const uid of [...told.keys()]) {
        const pod = podOf(uid);
        if (isDue(pod)) consider(pod);
      }
    },
  };
};
