/** A direction of isolation: a value of `spec.policyTypes` of NetworkPolicy v1 in lower case. */
export type Direction = 'ingress' | 'egress';

/** The field of a rule's peers (networking.k8s.io/v1 NetworkPolicyIngressRule and NetworkPolicyEgressRule). */
export const PEER_FIELD = { ingress: 'from', egress: 'to' } as const;

export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];
