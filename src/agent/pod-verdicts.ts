import { IN_FORCE, type PodVerdict } from '../cluster/condition/enforced-condition.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { describePart } from '../telemetry/parts-observer.ts';
import type { AgentParts } from './parts.ts';
import type { Unseen } from './unseen.ts';

interface VerdictSources {
  readonly parts: Pick<AgentParts, 'list' | 'missedBy'>;
  readonly sightOf: Unseen['sightOf'];
}

/** Returns the content of each pod's condition; undefined while it is not known. */
export const createPodVerdicts =
  ({ parts, sightOf }: VerdictSources) =>
  (pod: PodEndpoint): PodVerdict | undefined => {
    const hidden = sightOf(pod);
    // A pod that was not checked yet gets no condition, which might be wrong.
    if (hidden === 'looking') return undefined;
    if (hidden !== undefined) return { status: 'False', ...hidden };
    const missed = parts.missedBy(pod);
    if (missed.length > 0) {
      return { status: 'False', reason: 'PartNotInForce', message: missed.map(describePart).join('; ') };
    }
    const others = parts.list().filter(({ part, isLasting }) => isLasting && part !== 'networks');
    if (others.length === 0) return IN_FORCE;
    const names = others.map(({ part }) => part).join(', ');
    return {
      status: 'True',
      reason: 'PoliciesInForceInPart',
      message: `${IN_FORCE.message}; not in force on this node: ${names}`,
    };
  };
