import { type FuzzCluster, NODES } from './fuzz-cluster.ts';
import type { FuzzPacket } from './fuzz-packet.ts';
import { nodeAt } from './readings.ts';

/** A node's FORWARD, or its OUTPUT for what the node itself sends. */
export interface Passage {
  readonly node: string;
  readonly hook: 'FORWARD' | 'OUTPUT';
}

const hostAt = (address: string): string | undefined => NODES.find(({ ips }) => ips.includes(address))?.name;

/**
 * Where a packet is filtered on its way: out of the node of its source, into that of its destination. What a node sends
 * meets its OUTPUT, what is for the node itself meets no hook of ours there.
 */
export const passagesOf = (cluster: FuzzCluster, { from, to }: FuzzPacket): readonly Passage[] => {
  const sender = hostAt(from);
  const receiver = hostAt(to);
  const leaves = sender ?? nodeAt(cluster, from);
  const enters = receiver ?? nodeAt(cluster, to);
  const local = receiver !== undefined && receiver === leaves;
  return [
    ...(leaves === undefined || local
      ? []
      : [{ node: leaves, hook: sender === undefined ? 'FORWARD' : 'OUTPUT' } as const]),
    ...(enters === undefined || receiver !== undefined || enters === leaves
      ? []
      : [{ node: enters, hook: 'FORWARD' } as const]),
  ];
};
