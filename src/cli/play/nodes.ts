import { nodeAddress } from '../../lab/fabric.ts';
import type { NodeSpec } from '../../lab/node.ts';
import type { IpFamily } from '../../model/family.ts';
import type { PodEndpoint } from '../../model/pod.ts';

/** A node of the playground. */
export interface PlayNode {
  /** `spec.nodeName` of its pods. */
  readonly name: string;
  /** Its network namespace, addresses and ranges. */
  readonly spec: NodeSpec;
}

/** Gives each node name a permanent place in the lab, in the order of the requests. */
export interface NodeBook {
  of(name: string): PlayNode;
  all(): readonly PlayNode[];
}

/** The fabric has addresses for up to this many. */
const MAX_NODES = 250;
const FEWEST_NODES = 2;

const podCidr = (family: IpFamily, place: number): string =>
  family === 'ipv4' ? `10.244.${place}.0/24` : `fd00:10:244:${place.toString(16)}::/64`;

export const createNodeBook = (families: readonly IpFamily[]): NodeBook => {
  const nodes = new Map<string, PlayNode>();
  return {
    of(name) {
      const known = nodes.get(name);
      if (known !== undefined) return known;
      const place = nodes.size + 1;
      if (place > MAX_NODES) throw new Error(`the playground has room for ${MAX_NODES} nodes`);
      const spec = {
        name: `node-${place}`,
        ips: families.map((family) => nodeAddress(family, place)),
        podCidrs: families.map((family) => podCidr(family, place)),
      };
      const node = { name, spec };
      nodes.set(name, node);
      return node;
    },
    all: () => [...nodes.values()],
  };
};

/** Returns the nodes that pods name, filled up to two: pods without a node are distributed over all of them. */
export const nodeNames = (pods: Iterable<PodEndpoint>): readonly string[] => {
  const named = [...new Set(Array.from(pods, (pod) => pod.node))].filter((name) => name !== '').sort();
  for (let number = 1; named.length < FEWEST_NODES; number += 1) {
    const name = `node${number}`;
    if (!named.includes(name)) named.push(name);
  }
  return named;
};
