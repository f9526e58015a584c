/** A direction of isolation: a value of `spec.policyTypes` of NetworkPolicy v1 in lower case. */
export type Direction = 'ingress' | 'egress';

export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];
