import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyIndex } from './policy-index.ts';
import type { Exemption } from './trace.ts';

const ownNode = (pod: PodEndpoint | undefined, other: string): Exemption | undefined =>
  pod?.hostIPs.includes(other) === true ? { kind: 'own-node', pod, node: other } : undefined;

/**
 * Returns why policies do not apply to connections between two addresses; undefined if they do. A pod's packets to
 * itself cross the node only if it used a Service; other packets with such addresses are forged and dropped.
 */
export const findExemption = (index: PolicyIndex, source: string, destination: string): Exemption | undefined => {
  const from = index.podAt(source);
  const to = index.podAt(destination);
  if (from !== undefined && source === destination) return { kind: 'same-pod', pod: from };
  return ownNode(from, destination) ?? ownNode(to, source);
};
