import type { PodEndpoint } from '../../model/pod.ts';
import { asList, asObject, type RawObject } from '../raw.ts';

/** The type of the condition of a pod whose policies are in the kernel; a readiness gate may name it. */
export const ENFORCED = 'portcullis.io/enforced';

/** What the condition says of a pod. */
export interface PodVerdict {
  readonly status: 'True' | 'False';
  /** One word in CamelCase, for programs. */
  readonly reason: string;
  /** For people. */
  readonly message: string;
}

/** All that policy asks of the pod is in the kernel. */
export const IN_FORCE: PodVerdict = {
  status: 'True',
  reason: 'PoliciesInForce',
  message: "the node's kernel holds the network policies that select this pod",
};

/** The API server takes 32,768 bytes; what is longer than this reads nobody, characters. */
const LONGEST_MESSAGE = 1_000;

type Readiness = Pick<PodEndpoint, 'awaitsEnforcement' | 'isEnforced'>;

const names = (list: unknown, field: string, others: Readonly<Record<string, string>> = {}): boolean =>
  asList(list)
    .map(asObject)
    .some((each) => each[field] === ENFORCED && Object.entries(others).every(([name, text]) => each[name] === text));

/** What a v1 Pod says of our condition (core/v1 PodReadinessGate, PodCondition). */
export const trimReadiness = (spec: RawObject, status: RawObject): Readiness => ({
  ...(names(spec['readinessGates'], 'conditionType') ? { awaitsEnforcement: true } : {}),
  ...(names(status['conditions'], 'type', { status: IN_FORCE.status, reason: IN_FORCE.reason })
    ? { isEnforced: true }
    : {}),
});

export const statusPath = ({ namespace, name }: PodEndpoint): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/status`;

/** Sets our condition and no other: conditions merge by type. The uid keeps it from a successor of the same name. */
export const enforcedPatch = ({ uid }: PodEndpoint, verdict: PodVerdict, wallTime: string): object => ({
  metadata: { uid },
  status: {
    conditions: [
      {
        type: ENFORCED,
        status: verdict.status,
        reason: verdict.reason,
        message: verdict.message.slice(0, LONGEST_MESSAGE),
        // metav1.Time is in whole seconds.
        lastTransitionTime: wallTime.replace(/\.\d+Z$/, 'Z'),
      },
    ],
  },
});
