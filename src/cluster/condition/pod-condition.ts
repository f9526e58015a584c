import type { Clock } from '../../model/clock.ts';
import type { ClusterChange } from '../../model/cluster-change.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { Connect } from '../api/connection.ts';
import { shareConnection } from '../api/shared-connection.ts';
import { patch } from '../api/write.ts';
import type { ClusterSource } from '../source.ts';
import { type ConditionWriterStatus, createConditionWriter } from './condition-writer.ts';
import { enforcedPatch, type PodVerdict, statusPath } from './enforced-condition.ts';
import { trackEnforcedPods } from './enforced-pods.ts';

/** Gives pods of the node the condition that their policies are in the kernel, once they are, or why they are not. */
export interface PodCondition {
  noteChange(change: ClusterChange): void;
  /** A pass takes the state as it is now. */
  notePass(): void;
  noteResult(succeeded: boolean): void;
  /** Something else may be to be said of pods: what they are told is looked at again. */
  reconsider(): void;
  status(): ConditionWriterStatus;
  stop(): Promise<void>;
}

export interface PodConditionDeps {
  readonly connect: Connect;
  readonly source: ClusterSource;
  readonly node: string;
  readonly gatedOnly: boolean;
  /** What is to be said of a pod that a pass took; by default that its policies are in force. */
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
