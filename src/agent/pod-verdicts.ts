import { IN_FORCE, type PodVerdict, verdictFor, weightiest } from '../cluster/condition/reasons.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyFault } from '../policy/fault.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { describePart } from '../telemetry/parts-observer.ts';
import type { AgentParts } from './parts.ts';
import { describeFault } from './pass-memory.ts';
import type { Unseen } from './unseen.ts';

interface VerdictSources {
  readonly parts: Pick<AgentParts, 'list' | 'missedBy'>;
  readonly sightOf: Unseen['sightOf'];
  readonly policy: () => NodePolicy;
  readonly faults: () => readonly PolicyFault[];
}

/** Maximum faults in the message of one pod. */
const MOST_FAULTS = 3;

/** Returns the faults of the policies that select each pod, by UID. */
const faultsByPod = (
  { isolations }: NodePolicy,
  faults: readonly PolicyFault[],
): ReadonlyMap<string, readonly PolicyFault[]> => {
  const ofPolicy = Map.groupBy(faults, ({ policy }) => policy);
  const found = new Map<string, Set<PolicyFault>>();
  for (const { policies, pods } of isolations) {
    const here = policies.flatMap((key) => ofPolicy.get(key) ?? []);
    if (here.length === 0) continue;
    for (const { uid } of pods) found.set(uid, new Set([...(found.get(uid) ?? []), ...here]));
  }
  return new Map([...found].map(([uid, all]) => [uid, [...all]]));
};

/** Returns the content of each pod's condition; undefined while it is not known. */
export const createPodVerdicts = ({ parts, sightOf, policy, faults }: VerdictSources) => {
  let known:
    | {
        readonly policy: NodePolicy;
        readonly faults: readonly PolicyFault[];
        readonly byPod: ReadonlyMap<string, readonly PolicyFault[]>;
      }
    | undefined;

  const faultsOf = (uid: string): readonly PolicyFault[] => {
    const now = { policy: policy(), faults: faults() };
    if (now.faults.length === 0) return now.faults;
    if (known?.policy !== now.policy || known.faults !== now.faults) {
      known = { ...now, byPod: faultsByPod(now.policy, now.faults) };
    }
    return known.byPod.get(uid) ?? [];
  };

  return (pod: PodEndpoint): PodVerdict | undefined => {
    const hidden = sightOf(pod);
    // A pod that was not checked yet gets no condition, which might be wrong.
    if (hidden === 'looking') return undefined;
    const missed = parts.missedBy(pod);
    const rejected = faultsOf(pod.uid);
    const others = parts.list().filter(({ part, isLasting }) => isLasting && part !== 'networks');
    return weightiest([
      ...(hidden === undefined ? [] : [verdictFor(hidden.reason, hidden.message)]),
      ...(missed.length === 0 ? [] : [verdictFor('FamilyNotProgrammed', missed.map(describePart).join('; '))]),
      ...(rejected.length === 0
        ? []
        : [
            verdictFor(
              'PolicyRejected',
              `policies isolate this pod and do not allow what they should: ${rejected.slice(0, MOST_FAULTS).map(describeFault).join('; ')}`,
            ),
          ]),
      ...(others.length === 0
        ? []
        : [
            verdictFor(
              'PoliciesInForceInPart',
              `${IN_FORCE.message}; not in force on this node: ${others.map(({ part }) => part).join(', ')}`,
            ),
          ]),
      IN_FORCE,
    ]);
  };
};
