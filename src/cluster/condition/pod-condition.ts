import type { Clock } from '../../model/clock.ts';
import type { ClusterChange } from '../../model/cluster-change.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { Connect } from '../api/connection.ts';
import { shareConnection } from '../api/shared-connection.ts';
import { patch } from '../api/write.ts';
import type { ClusterSource } from '../source.ts';
import { type ConditionWriterStatus, createConditionWriter } from './condition-writer.ts';
import { enforcedPatch, statusPath } from './enforced-condition.ts';
import type { PodVerdict } from './reasons.ts';
import { trackEnforcedPods } from './enforced-pods.ts';

/** Sets the condition of the node's pods once their policies are in the kernel, or says why they are not. */
export interface PodCondition {
  noteChange(change: ClusterChange): void;
  /** Marks the start of a pass, which takes the current state. */
  notePass(): void;
  noteResult(succeeded: boolean): void;
  /** Looks at all verdicts again, because they may have changed. */
  reconsider(): void;
  status(): ConditionWriterStatus;
  stop(): Promise<void>;
}

export interface PodConditionDeps {
  readonly connect: Connect;
  readonly source: ClusterSource;
  readonly node: string;
  readonly gatedOnly: boolean;
  /** Returns the verdict on a pod that a pass has handled; by default that its policies are in force. */
  readonly verdictOf?: (pod: PodEndpoint) => PodVerdict | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onTrouble: (trouble: string | undefined) => void;
}

const RIGHTS = 'patch on pods/status';

export const createPodCondition = (deps: PodConditionDeps): PodCondition => {
  const { source, node, gatedOnly, clock } = deps;
  const connection = shareConnection(deps.connect);

  const writer = createConditionWriter({
    ...deps,
    async write(pod, signal, verdict) {
      await connection.use((current) => {
        const body = enforcedPatch(pod, verdict, clock.wall());
        return patch(current, { path: statusPath(pod), body, rights: RIGHTS, signal });
      });
    },
  });
  const pods = trackEnforcedPods({
    node,
    gatedOnly,
    ...(deps.verdictOf === undefined ? {} : { verdictOf: deps.verdictOf }),
    snapshot: source.snapshot,
    onEnforced: writer.add,
    onGone: writer.forget,
  });

  return {
    noteChange({ kind, key }) {
      if (kind === 'pods') pods.changed(key);
    },
    notePass: pods.taken,
    noteResult: pods.ended,
    reconsider: pods.reconsider,
    status: writer.status,
    stop: writer.stop,
  };
};
