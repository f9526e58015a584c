import { DIRECTIONS } from '../model/direction.ts';
import type { Connection } from '../model/connection.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { asPolicySees, protocolName } from './packet-words.ts';
import { createWhyFinder } from './why.ts';
import { openingOf } from '../trace/connection-judge.ts';

export interface CutEdgesParts {
  /** Returns the policy in force. */
  readonly policy: () => NodePolicy;
  readonly podsAt: (address: string) => readonly PodEndpoint[];
}

/** Maximum edges in one line. */
const MOST_EDGES = 10;

/** Returns who was cut off from whom and by which policies, the edges with most connections first. */
export const describeCut = (
  connections: readonly Connection[],
  { policy, podsAt }: CutEdgesParts,
): readonly string[] => {
  const nameOf = (address: string): string => {
    const [pod] = podsAt(address);
    return pod === undefined ? address : `${pod.namespace}/${pod.name}`;
  };
  const edges = Map.groupBy(connections.map(openingOf), ({ source, destination, protocol, port }) =>
    [source, destination, protocol, port].join(' '),
  );
  const finder = createWhyFinder(policy());
  return [...edges.values()]
    .toSorted((a, b) => b.length - a.length)
    .slice(0, MOST_EDGES)
    .flatMap((alike) => {
      const [opening] = alike;
      if (opening === undefined) return [];
      const { source, destination, port } = opening;
      const protocol = protocolName(opening.protocol);
      const packet = asPolicySees(source, destination, protocol, port);
      const by = DIRECTIONS.flatMap((direction) => {
        const policies = finder.nearest(direction, packet)?.policies ?? [];
        return policies.length === 0 ? [] : [`${direction} isolated by ${policies.join(', ')}`];
      });
      const count = alike.length === 1 ? '' : ` (${alike.length} connections)`;
      return `${nameOf(source)} to ${nameOf(destination)} ${protocol}${port === 0 ? '' : ` ${port}`}${count}${by.length === 0 ? '' : `: ${by.join('; ')}`}`;
    });
};
