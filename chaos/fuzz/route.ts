import { type FuzzCluster, NODES } from './fuzz-cluster.ts';
import type { FuzzPacket } from './fuzz-packet.ts';
import { nodeAt } from './readings.ts';

/** A node's FORWARD, or its OUTPUT for packets of the node itself. */
export interface Passage {
  readonly node: string;
  readonly hook: 'FORWARD' | 'OUTPUT';
}

const hostAt = (address: string): string | undefined => NODES.find(({ ips }) => ips.includes(address))?.name;

/**
 * Returns the hooks on a packet's path: out of its source's node, into its destination's node. Packets of the node
 * itself pass its OUTPUT; packets for the node itself pass no hook of ours there.
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
