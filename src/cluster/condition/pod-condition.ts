import type { Clock } from '../../model/clock.ts';
import type { ClusterChange } from '../../model/cluster-change.ts';
import type { ApiConnection, Connect } from '../api/connection.ts';
import { needsReconnect } from '../api/failure.ts';
import { patch } from '../api/write.ts';
import type { ClusterSource } from '../source.ts';
import { type ConditionWriterStatus, createConditionWriter } from './condition-writer.ts';
import { enforcedPatch, statusPath } from './enforced-condition.ts';
import { trackEnforcedPods } from './enforced-pods.ts';

/** Gives pods of the node the condition that their policies are in the kernel, once they are. */
export interface PodCondition {
  noteChange(change: ClusterChange): void;
  /** A pass takes the state as it is now. */
  notePass(): void;
  noteResult(succeeded: boolean): void;
  status(): ConditionWriterStatus;
  stop(): Promise<void>;
}

export interface PodConditionDeps {
  readonly connect: Connect;
  readonly source: ClusterSource;
  readonly node: string;
  readonly gatedOnly: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onTrouble: (trouble: string | undefined) => void;
}

const RIGHTS = 'patch on pods/status';

export const createPodCondition = (deps: PodConditionDeps): PodCondition => {
  const { connect, source, node, gatedOnly, clock } = deps;
  let shared: Promise<ApiConnection> | undefined;

  const writer = createConditionWriter({
    ...deps,
    async write(pod, signal) {
      try {
        const connection = await (shared ??= connect());
        const body = enforcedPatch(pod, clock.wall());
        await patch(connection, { path: statusPath(pod), body, rights: RIGHTS, signal });
      } catch (error) {
        if (needsReconnect(error)) shared = undefined;
        throw error;
      }
    },
  });
  const pods = trackEnforcedPods({
    node,
    gatedOnly,
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
    status: writer.status,
    stop: writer.stop,
  };
};
