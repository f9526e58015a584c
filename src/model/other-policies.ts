/** A kind of policy of another project, which is not enforced here. */
export interface OtherPolicies {
  readonly kind: string;
  readonly group: string;
  /** `stored`: there are objects of it. `served`: the API server knows the kind, and does not let us see whether there are. */
  readonly state: 'stored' | 'served';
  /** How many there are, where that is known. */
  readonly count?: number;
}

/** `ClusterNetworkPolicy (policy.networking.k8s.io)`. */
export const nameOfKind = ({ kind, group }: Pick<OtherPolicies, 'kind' | 'group'>): string => `${kind} (${group})`;
