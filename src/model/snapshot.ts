import type { NamespaceEntry } from './namespace.ts';
import type { PodEndpoint } from './pod.ts';
import type { PolicyKey, PolicyObject } from './policy-object.ts';

/**
 * The state of the cluster that policy depends on. A source may return its live maps: use them within one turn of the event
 * loop and keep no reference.
 */
export interface ClusterSnapshot {
  readonly namespaces: ReadonlyMap<string, NamespaceEntry>;
  /** Keyed by PodEndpoint.uid. */
  readonly pods: ReadonlyMap<string, PodEndpoint>;
  readonly policies: ReadonlyMap<PolicyKey, PolicyObject>;
}
