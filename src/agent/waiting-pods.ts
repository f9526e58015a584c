import { trackEnforcedPods } from '../cluster/condition/enforced-pods.ts';
import { IN_FORCE, type PodVerdict } from '../cluster/condition/reasons.ts';
import type { ClusterSource } from '../cluster/source.ts';
import type { ClusterChange } from '../model/cluster-change.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { createLocalPods } from './local-pods.ts';

/** Counts the pods of the node whose policies are not in force yet, whether or not conditions are written. */
export interface WaitingPods {
  noteChange(change: ClusterChange): void;
  /** Marks the start of a pass, which takes the current state. */
  notePass(): void;
  noteResult(succeeded: boolean): void;
  count(): number;
}

/** @param verdictOf returns the verdict on a pod that a pass has handled */
export const createWaitingPods = (
  source: Pick<ClusterSource, 'snapshot'>,
  node: string,
  verdictOf: (pod: PodEndpoint) => PodVerdict | undefined,
): WaitingPods => {
  const local = createLocalPods(source, node);
  const handled = new Set<string>();
  const tracked = trackEnforcedPods({
    node,
    snapshot: () => source.snapshot(),
    gatedOnly: false,
    verdictOf(pod) {
      handled.add(pod.uid);
      return undefined;
    },
    onEnforced: () => undefined,
    onGone: (uid) => handled.delete(uid),
  });
  return {
    noteChange(change) {
      if (local.note(change)) tracked.changed(change.key);
    },
    notePass: tracked.taken,
    noteResult: tracked.ended,
    count: () =>
      local
        .list()
        .filter(({ ips, closed }) => ips.length > 0 && closed === undefined)
        .filter((pod) => !handled.has(pod.uid) || verdictOf(pod)?.status !== IN_FORCE.status).length,
  };
};
