import type { Direction } from '../model/direction.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { Isolation, PortMatch } from '../policy/node-policy.ts';
import { resolvePort } from '../policy/pod-ports.ts';
import type { Governing, PolicyIndex } from './policy-index.ts';
import { ALL_PORTS, intersectPorts, isEmpty, NO_PORTS, type PortSet, unitePorts } from './port-set.ts';

/** The ports that one rule allows between two addresses. */
export interface Grant {
  readonly policy: PolicyKey;
  /** Position in `spec.ingress` or `spec.egress`. */
  readonly rule: number;
  /** Never empty. */
  readonly ports: PortSet;
}

/** The ports that the policies of one end allow between two addresses. */
export interface SideGrants {
  /** The policies that isolate this end; empty if it is open or closed. */
  readonly policies: readonly PolicyKey[];
  readonly grants: readonly Grant[];
  /** All ports if the end is open, else the union of the grants; of two pods that may be this end, the intersection. */
  readonly ports: PortSet;
}

const OPEN: SideGrants = { policies: [], grants: [], ports: ALL_PORTS };

/** The ports that an entry of `ports` stands for where `destination` receives the packet. */
export const portsOf = (match: PortMatch, destination: PodEndpoint | undefined): PortSet => {
  if (match.kind === 'any') return ALL_PORTS;
  if (match.kind === 'range') return { ...NO_PORTS, [match.protocol]: [{ from: match.from, to: match.to }] };
  const numbers = destination === undefined ? [] : resolvePort(destination, match.protocol, match.name);
  return unitePorts(numbers.map((port) => ({ ...NO_PORTS, [match.protocol]: [{ from: port, to: port }] })));
};

/** Returns the grants of one end, given its own address and the remote one. */
export type FindGrants = (direction: Direction, own: string, remote: string) => SideGrants;

/** Caches the results: for all pairs, each isolation is compared with each address once. */
export const createFindGrants = (index: PolicyIndex): FindGrants => {
  const known = new Map<Isolation, Map<string, SideGrants>>();

  const compare = (isolation: Isolation, remote: string, destination: PodEndpoint | undefined): SideGrants => {
    const grants = isolation.rules
      .filter(({ peers }) => peers.some((peer) => index.means(peer, remote)))
      .map(({ policy, index: rule, ports }): Grant => {
        return { policy, rule, ports: unitePorts(ports.map((port) => portsOf(port, destination))) };
      })
      .filter(({ ports }) => !isEmpty(ports));
    return { policies: isolation.policies, grants, ports: unitePorts(grants.map(({ ports }) => ports)) };
  };

  const ofOne = ({ isolation, pod }: Governing, remote: string): SideGrants => {
    const destination = isolation.direction === 'ingress' ? pod : index.ownerAt(remote);
    // Pods of one isolation share the result per remote address: their named ports of ingress are equal.
    const answers = known.get(isolation) ?? new Map<string, SideGrants>();
    known.set(isolation, answers);
    const answer = answers.get(remote) ?? compare(isolation, remote, destination);
    answers.set(remote, answer);
    return answer;
  };

  const both = (one: SideGrants, other: SideGrants): SideGrants => ({
    policies: [...one.policies, ...other.policies],
    grants: [...one.grants, ...other.grants],
    ports: intersectPorts(one.ports, other.ports),
  });

  return (direction, own, remote) => {
    const [first = OPEN, ...more] = index.isolationsAt(direction, own).map((governing) => ofOne(governing, remote));
    return more.reduce(both, first);
  };
};
