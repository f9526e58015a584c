import { nodeAddress } from '../../src/lab/fabric.ts';
import type { NodeSpec } from '../../src/lab/node.ts';

/** The nodes, with pod addresses on both sides of the edges of fuzz/generate's ipBlocks. */
export const NODES: readonly NodeSpec[] = [1, 2].map((index) => ({
  name: `n${index}`,
  ips: [nodeAddress('ipv4', index), nodeAddress('ipv6', index)],
  podCidrs: [`10.0.${index}.0/24`, `fd00:${index}::/64`],
}));

/** Number of addresses for each node's pods: few, so that they are reused all the time. */
const PER_NODE = 5;

const OUTSIDE = ['203.0.113.7', '203.0.113.200', '2001:db8::7', '2001:db8::99'];

/** Destinations of packets to the outside, for routes of the nodes. */
export const OUTSIDE_RANGES = ['203.0.113.0/24', '198.18.0.0/15', '2001:db8::/64'];

/** Returns the `at`th pair of pod addresses of a node. */
export const podAddresses = (node: string, at: number): readonly [four: string, six: string] => {
  const index = node.slice(1);
  return [`10.0.${index}.${at + 1}`, `fd00:${index}::${at + 1}`];
};

export const ADDRESS_INDEXES: readonly number[] = Array.from({ length: PER_NODE }, (_, at) => at);

/** All addresses that packets have as source or destination. */
export const ALL_ADDRESSES: readonly string[] = [
  ...NODES.flatMap(({ name }) => ADDRESS_INDEXES.flatMap((at) => podAddresses(name, at))),
  ...OUTSIDE,
];

const isOn = (address: string, index: string): boolean =>
  address.startsWith(`10.0.${index}.`) || address.startsWith(`fd00:${index}::`);

/** Returns the node whose pods have the address; undefined for the outside. */
export const nodeOf = (address: string): string | undefined =>
  NODES.find(({ name }) => isOn(address, name.slice(1)))?.name;

/** Returns the nodes whose rules a packet passes, in order. It enters at the first. */
export const pathOf = (from: string, to: string): readonly string[] => {
  const nodes = [nodeOf(from), nodeOf(to)].filter((node) => node !== undefined);
  return [...new Set(nodes)];
};
