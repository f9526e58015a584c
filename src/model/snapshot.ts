import type { NamespaceEntry } from './namespace.ts';
import type { PodEndpoint } from './pod.ts';
import type { PolicyKey, PolicyObject } from './policy-object.ts';

/**
 * The state of the cluster that policy depends on. A source may hand out its live maps: a reader uses them within one
 * turn of the event loop and keeps no reference.
 */
export interface ClusterSnapshot {
  readonly namespaces: ReadonlyMap<string, NamespaceEntry>;
  /** Keyed by PodEndpoint.uid. */
  readonly pods: ReadonlyMap<string, PodEndpoint>;
  readonly policies: ReadonlyMap<PolicyKey, PolicyObject>;
}
