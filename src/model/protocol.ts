/** A protocol that NetworkPolicyPort can name (networking.k8s.io/v1, `ports[].protocol`). */
export type Protocol = 'TCP' | 'UDP' | 'SCTP';

export const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
