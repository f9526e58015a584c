import { type End, namespaceOf } from './end.ts';
import type { FlowRecord } from './record.ts';

/** The requested records; absent conditions hold for all. */
export interface FlowFilter {
  /** One end is a pod of this namespace. */
  readonly namespace?: string;
  readonly verdict?: 'allowed' | 'denied';
  /** One end is this pod, or a pod of this workload: `name` or `namespace/name`. */
  readonly pod?: string;
  /** One of the deciding policies: `name` or `namespace/name`. */
  readonly policy?: string;
  /** ms since the epoch: met then or later. */
  readonly since?: number;
}

const isNamed = (wanted: string, namespace: string, name: string): boolean =>
  wanted === name || wanted === `${namespace}/${name}`;

const isPod = (end: End, wanted: string): boolean => {
  if (end.kind === 'former') return wanted === end.pod || end.pod.endsWith(`/${wanted}`);
  if (end.kind !== 'pod') return false;
  const workload = end.workload?.slice(end.workload.indexOf('/') + 1);
  return (
    isNamed(wanted, end.namespace, end.name) || (workload !== undefined && isNamed(wanted, end.namespace, workload))
  );
};

/** Reports whether the request includes the record. */
export const isWanted = (record: FlowRecord, filter: FlowFilter): boolean => {
  const ends = [record.source, record.destination];
  const { namespace, verdict, pod, policy, since } = filter;
  return (
    (verdict === undefined || record.verdict === verdict) &&
    (since === undefined || Date.parse(record.at) >= since) &&
    (namespace === undefined || ends.some((end) => namespaceOf(end) === namespace)) &&
    (pod === undefined || ends.some((end) => isPod(end, pod))) &&
    (policy === undefined || record.policies.some((key) => key === policy || key.endsWith(`/${policy}`)))
  );
};
