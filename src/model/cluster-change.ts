/** The kinds of objects that policy depends on, as the API spells their resources. */
export type ObjectKind = 'pods' | 'namespaces' | 'networkpolicies';

export const OBJECT_KINDS: readonly ObjectKind[] = ['pods', 'namespaces', 'networkpolicies'];

/** One object came, changed or went. Handlers only mark; the state itself is read from the snapshot. */
export interface ClusterChange {
  readonly kind: ObjectKind;
  /** Pod uid, namespace name, or policy key. */
  readonly key: string;
}

/** The objects that came, changed or went since somebody looked last; `'everything'` where this is not known. */
export type ClusterChanges = 'everything' | Readonly<Record<ObjectKind, ReadonlySet<string>>>;
