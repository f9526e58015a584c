import type { Clock } from '../model/clock.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';

interface NodeNamesParts {
  /** This node. */
  readonly node: string;
  readonly snapshot: () => ClusterSnapshot;
  /** Addresses of this node, as far as they are known. */
  readonly ownAddresses: () => readonly string[];
  readonly clock: Clock;
}

/** Finds the node of an address, from the status of the pods on it. */
export interface NodeNames {
  at(address: string): string | undefined;
}

/** Minimum time between two reads of all pods. */
const EVERY_MS = 10_000;

export const createNodeNames = ({ node, snapshot, ownAddresses, clock }: NodeNamesParts): NodeNames => {
  let names: ReadonlyMap<string, string> = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  const read = (): void => {
    readAt = clock.now();
    const found = new Map<string, string>();
    for (const pod of snapshot().pods.values()) {
      if (pod.node === '') continue;
      for (const address of pod.hostIPs) found.set(address, pod.node);
    }
    for (const address of ownAddresses()) found.set(address, node);
    names = found;
  };
  return {
    at(address) {
      const known = names.get(address);
      if (known !== undefined || clock.now() - readAt < EVERY_MS) return known;
      read();
      return names.get(address);
    },
  };
};
