import type { PodEndpoint } from '../../model/pod.ts';
import { asList, asObject, type RawObject } from '../raw.ts';

/** The type of the condition of a pod whose policies are in the kernel; a readiness gate may name it. */
export const ENFORCED = 'portcullis.io/enforced';

type Readiness = Pick<PodEndpoint, 'awaitsEnforcement' | 'isEnforced'>;

const names = (list: unknown, field: string, status?: string): boolean =>
  asList(list)
    .map(asObject)
    .some((each) => each[field] === ENFORCED && (status === undefined || each['status'] === status));

/** What a v1 Pod says of our condition (core/v1 PodReadinessGate, PodCondition). */
export const trimReadiness = (spec: RawObject, status: RawObject): Readiness => ({
  ...(names(spec['readinessGates'], 'conditionType') ? { awaitsEnforcement: true } : {}),
  ...(names(status['conditions'], 'type', 'True') ? { isEnforced: true } : {}),
});

export const statusPath = ({ namespace, name }: PodEndpoint): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/status`;

/** Sets our condition and no other: conditions merge by type. The uid keeps it from a successor of the same name. */
export const enforcedPatch = ({ uid }: PodEndpoint, wallTime: string): object => ({
  metadata: { uid },
  status: {
    conditions: [
      {
        type: ENFORCED,
        status: 'True',
        reason: 'PoliciesInForce',
        message: "the node's kernel holds the network policies that select this pod",
        // metav1.Time is in whole seconds.
        lastTransitionTime: wallTime.replace(/\.\d+Z$/, 'Z'),
      },
    ],
  },
});
