import type { PodEndpoint } from '../../model/pod.ts';
import { type PolicyKey, policyNamespace } from '../../model/policy-object.ts';

/** One is enough; the others report if it has no agent, or a failing one. */
const TELLERS = 3;

/** FNV-1a, 32 bits: so that different nodes report different policies. */
const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
};

/**
 * Decides which nodes' agents report a policy's faults, which every agent finds. All agents know the same pods, and so
 * choose the same few nodes without communication: nodes with pods in the policy's namespace, or if there are none,
 * nodes with any pods.
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
    const candidates = byNamespace.get(policyNamespace(policy)) ?? all;
    if (candidates.size === 0) return true;
    if (!candidates.has(node)) return false;
    const own = hash(`${policy} ${node}`);
    return [...candidates].filter((other) => hash(`${policy} ${other}`) < own).length < TELLERS;
  };
};
