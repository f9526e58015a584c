import type { PodEndpoint } from '../model/pod.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { familyOf } from '../policy/cidr.ts';
import { findExemption } from './exemption.ts';
import { judgeSide } from './judge-side.ts';
import type { Packet } from './packet.ts';
import { createPolicyIndex, type PolicyIndex } from './policy-index.ts';
import { createReach, type Reach } from './reach.ts';
import type { Trace } from './trace.ts';

/** Judges packets against compiled policies. Addresses may have any spelling. */
export interface Evaluator {
  /** Returns the verdict on the packet, and why. @throws TypeError for an invalid address, or two different families */
  trace(packet: Packet): Trace;
  /** Returns all ports at which source may open connections to destination, and why. @throws TypeError like trace */
  reach(source: string, destination: string): Reach;
}

const sameFamily = (index: PolicyIndex, source: string, destination: string): readonly [string, string] => {
  const pair = [index.canonical(source), index.canonical(destination)] as const;
  if (familyOf(pair[0]) !== familyOf(pair[1])) {
    throw new TypeError(`${pair[0]} and ${pair[1]} are of different IP families`);
  }
  return pair;
};

/** Makes an evaluator of an index. It remembers answers, so it is of use until the policy behind the index changes. */
export const createEvaluatorOf = (index: PolicyIndex): Evaluator => {
  const reach = createReach(index);
  return {
    trace(given) {
      const [source, destination] = sameFamily(index, given.source, given.destination);
      const packet: Packet = { ...given, source, destination };
      const exemption = findExemption(index, source, destination);
      const egress = judgeSide(index, 'egress', packet);
      const ingress = judgeSide(index, 'ingress', packet);
      const denied = egress.kind === 'denied' || ingress.kind === 'denied';
      return { packet, verdict: denied && exemption === undefined ? 'deny' : 'allow', exemption, egress, ingress };
    },
    reach: (source, destination) => reach(...sameFamily(index, source, destination)),
  };
};

/**
 * @param policy compiled for one node, or for all: an end whose node's pods were not compiled counts as open.
 * @param pods those of the snapshot that the policy was compiled from.
 */
export const createEvaluator = (policy: NodePolicy, pods: Iterable<PodEndpoint>): Evaluator =>
  createEvaluatorOf(createPolicyIndex(policy, pods));
