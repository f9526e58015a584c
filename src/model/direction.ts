/** A direction of isolation, as `spec.policyTypes` of NetworkPolicy v1 names it, lower case. */
export type Direction = 'ingress' | 'egress';

export const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];
