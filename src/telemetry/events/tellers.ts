import type { PodEndpoint } from '../../model/pod.ts';
import type { PolicyKey } from '../../model/policy-object.ts';

/** One is enough; the others are there in case that it has no agent, or one in trouble. */
const TELLERS = 3;

/** FNV-1a, 32 bits: which nodes tell of a policy is not the same for all policies. */
const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
};

/**
 * Whether the agent of a node tells the cluster of a policy's faults, which every agent finds. All know the same pods and so
 * come to the same few nodes without a word: of those that have pods in the policy's namespace, or of all nodes with pods
 * where none has.
 */
export const findTellers = (pods: Iterable<PodEndpoint>): ((node: string, policy: PolicyKey) => boolean) => {
  const all = new Set<string>();
  const byNamespace = new Map<string, Set<string>>();
  for (const { node, namespace, hostNetwork } of pods) {
    if (node === '') continue;
    all.add(node);
    if (hostNetwork) continue;
    const near = byNamespace.get(namespace);
    if (near === undefined) byNamespace.set(namespace, new Set([node]));
    else near.add(node);
  }
  return (node, policy) => {
    const candidates = byNamespace.get(policy.split('/')[0] ?? '') ?? all;
    if (candidates.size === 0) return true;
    if (!candidates.has(node)) return false;
    const own = hash(`${policy} ${node}`);
    return [...candidates].filter((other) => hash(`${policy} ${other}`) < own).length < TELLERS;
  };
};
