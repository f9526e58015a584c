/** A kind of policy of another project, which is not enforced here. */
export interface OtherPolicies {
  readonly kind: string;
  readonly group: string;
  /** `stored`: there are objects. `served`: the API server knows the kind, and does not let us list its objects. */
  readonly state: 'stored' | 'served';
  /** The number of objects, if it is known. */
  readonly count?: number;
}

/** Returns `ClusterNetworkPolicy (policy.networking.k8s.io)`. */
export const nameOfKind = ({ kind, group }: Pick<OtherPolicies, 'kind' | 'group'>): string => `${kind} (${group})`;
