import type { PodEndpoint } from '../../model/pod.ts';
import { asList, asObject, type RawObject } from '../raw.ts';
import { IN_FORCE, type PodVerdict } from './reasons.ts';

/** The condition type of a pod whose policies are in the kernel; a readiness gate may name it. */
export const ENFORCED = 'portcullis.io/enforced';

/** In characters. The API server accepts 32,768 bytes, but nobody reads that much. */
const LONGEST_MESSAGE = 1_000;

type Readiness = Pick<PodEndpoint, 'awaitsEnforcement' | 'isEnforced' | 'isDoubted'>;

const names = (list: unknown, field: string, others: Readonly<Record<string, string>> = {}): boolean =>
  asList(list)
    .map(asObject)
    .some((each) => each[field] === ENFORCED && Object.entries(others).every(([name, text]) => each[name] === text));

/** Returns our condition of a v1 Pod (core/v1 PodReadinessGate, PodCondition). */
export const trimReadiness = (spec: RawObject, status: RawObject): Readiness => ({
  ...(names(spec['readinessGates'], 'conditionType') ? { awaitsEnforcement: true } : {}),
  ...(names(status['conditions'], 'type', { status: IN_FORCE.status, reason: IN_FORCE.reason })
    ? { isEnforced: true }
    : {}),
  ...(names(status['conditions'], 'type', { status: 'Unknown' }) ? { isDoubted: true } : {}),
});

export const statusPath = ({ namespace, name }: Pick<PodEndpoint, 'namespace' | 'name'>): string =>
  `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/status`;

/** Returns a patch that sets only our condition: conditions merge by type. The uid protects a successor of the same name. */
export const enforcedPatch = ({ uid }: Pick<PodEndpoint, 'uid'>, verdict: PodVerdict, wallTime: string): object => ({
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
