import type { ClusterSnapshot } from '../../model/snapshot.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { IN_FORCE, type PodVerdict } from './reasons.ts';

export interface EnforcedPodsDeps {
  readonly node: string;
  readonly snapshot: () => ClusterSnapshot;
  /** Only pods with a readiness gate that waits for the condition. */
  readonly gatedOnly: boolean;
  /**
   * Returns the verdict on a pod that a pass has handled; by default that its policies are in force. Undefined while it
   * is not known.
   */
  readonly verdictOf?: (pod: PodEndpoint) => PodVerdict | undefined;
  /** Called for each pod of the node that a pass has handled, once for each verdict that its condition does not have yet. */
  readonly onEnforced: (pod: PodEndpoint, verdict: PodVerdict) => void;
  readonly onGone: (podUid: string) => void;
}

/** Finds the pods whose policies a pass has brought into force, or could not. */
export interface EnforcedPods {
  /** Takes a pod that was added, changed or deleted. */
  changed(podUid: string): void;
  /** Marks the start of a pass, which takes the current state. */
  taken(): void;
  /** Takes the result of the pass that started last. */
  ended(succeeded: boolean): void;
  /** Calls `verdictOf` again for all pods, because the verdicts may have changed. */
  reconsider(): void;
}

/** The message alone is no news: that of a failure differs from attempt to attempt. */
const keyOf = ({ status, reason }: PodVerdict): string => `${status} ${reason}`;

export const trackEnforcedPods = (deps: EnforcedPodsDeps): EnforcedPods => {
  const { node, snapshot, gatedOnly, verdictOf = () => IN_FORCE, onEnforced, onGone } = deps;
  const changedPods = new Set<string>();
  const inPass = new Set<string>();
  /** Pods that a pass has handled, and the verdict last reported for each. */
  const told = new Map<string, string | undefined>();

  /** Returns the pod; undefined for a closed one, which the API server does not know any more. */
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
      if (pod?.node === node && pod.isDoubted === true) told.delete(podUid);
      if (pod?.node === node && !told.has(podUid)) changedPods.add(podUid);
    },
    taken() {
      if (changedPods.size === 0) return;
      // The pass after a failed one handles everything again: the pods of the failed one stay in.
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
