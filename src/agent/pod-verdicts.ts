import { IN_FORCE, type PodVerdict } from '../cluster/condition/enforced-condition.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { describePart } from '../telemetry/parts-observer.ts';
import type { AgentParts } from './parts.ts';

interface VerdictSources {
  readonly parts: Pick<AgentParts, 'list' | 'missedBy'>;
  /** Why no rule of the node sees the pod's packets; undefined where rules do. */
  readonly unseen: (pod: PodEndpoint) => Pick<PodVerdict, 'reason' | 'message'> | undefined;
}

/** What each pod's condition is to say. */
export const createPodVerdicts =
  ({ parts, unseen }: VerdictSources) =>
  (pod: PodEndpoint): PodVerdict => {
    const hidden = unseen(pod);
    if (hidden !== undefined) return { status: 'False', ...hidden };
    const missed = parts.missedBy(pod);
    if (missed.length > 0) {
      return { status: 'False', reason: 'PartNotInForce', message: missed.map(describePart).join('; ') };
    }
    const others = parts.list().filter(({ isLasting }) => isLasting);
    if (others.length === 0) return IN_FORCE;
    const names = others.map(({ part }) => part).join(', ');
    return {
      status: 'True',
      reason: 'PoliciesInForceInPart',
      message: `${IN_FORCE.message}; not in force on this node: ${names}`,
    };
  };
