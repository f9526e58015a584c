/** The kinds of objects that policy depends on, with the names of the API's resources. */
export type ObjectKind = 'pods' | 'namespaces' | 'networkpolicies';

export const OBJECT_KINDS: readonly ObjectKind[] = ['pods', 'namespaces', 'networkpolicies'];

/** An object that was added, changed or deleted. Handlers only mark it; they read the state from the snapshot. */
export interface ClusterChange {
  readonly kind: ObjectKind;
  /** Pod uid, namespace name, or policy key. */
  readonly key: string;
}

/** The objects that were added, changed or deleted since the last update; `'everything'` if this is not known. */
export type ClusterChanges = 'everything' | Readonly<Record<ObjectKind, ReadonlySet<string>>>;
