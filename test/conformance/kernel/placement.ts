import { inCidr } from '../../../src/lab/addresses.ts';
import { nodeAddress } from '../../../src/lab/fabric.ts';
import type { NodeSpec } from '../../../src/lab/node.ts';
import type { PodSpec } from '../../../src/lab/pod.ts';
import type { NetpolCase } from '../../support/corpus.ts';

const node = (index: number, podCidrs: readonly string[]): NodeSpec => ({
  name: `node${index}`,
  ips: [nodeAddress('ipv4', index), nodeAddress('ipv6', index)],
  podCidrs,
});

/** Every address of the corpus is in one of these ranges; pods with a common policy are on both nodes. */
export const NODES: readonly NodeSpec[] = [
  node(1, ['10.244.1.0/24', '10.244.3.0/24', 'fd00:10:244:1::/64']),
  node(2, ['10.244.2.0/24', 'fd00:10:244:2::/64']),
];

/** The node that owns an address. */
export const nodeOf = (ip: string): NodeSpec => {
  const found = NODES.find(({ podCidrs }) => podCidrs.some((cidr) => inCidr(ip, cidr)));
  if (found === undefined) throw new Error(`no node has a range with ${ip}`);
  return found;
};

/** Returns the network namespace of an address, whatever cases and pods have it. */
export const netnsOf = (ip: string): string => `pod-${ip.replaceAll(/[.:]+/g, '-')}`;

/** Returns one network namespace for every address of the cases' pods. */
export const placementsOf = (cases: readonly NetpolCase[]): readonly PodSpec[] => {
  const states = cases.flatMap(({ initial, steps }) => [initial, ...steps.map(({ state }) => state)]);
  const ips = new Set(states.flatMap(({ pods }) => pods.map(({ ip }) => ip)));
  return [...ips].map((ip) => ({ name: netnsOf(ip), node: nodeOf(ip).name, ips: [ip] }));
};
