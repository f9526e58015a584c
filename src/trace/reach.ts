import type { Direction } from '../model/direction.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { Isolation, PortMatch } from '../policy/node-policy.ts';
import { resolvePort } from '../policy/peer-index.ts';
import { findExemption } from './exemption.ts';
import type { PolicyIndex } from './policy-index.ts';
import { ALL_PORTS, intersectPorts, NO_PORTS, type PortSet, unitePorts } from './port-set.ts';

const portsOf = (match: PortMatch, destination: PodEndpoint | undefined): PortSet => {
  if (match.kind === 'any') return ALL_PORTS;
  if (match.kind === 'range') return { ...NO_PORTS, [match.protocol]: [{ from: match.from, to: match.to }] };
  const numbers = destination === undefined ? [] : resolvePort(destination, match.protocol, match.name);
  return unitePorts(numbers.map((port) => ({ ...NO_PORTS, [match.protocol]: [{ from: port, to: port }] })));
};

/**
 * Works out all ports at which one address may open connections to another, both canonical text. Answers of one
 * function are remembered: asked for all pairs, each isolation is compared with each address once.
 */
export const createReach = (index: PolicyIndex): ((source: string, destination: string) => PortSet) => {
  const known = new Map<Isolation, Map<string, PortSet>>();

  const allowedBy = (isolation: Isolation, remote: string, destination: PodEndpoint | undefined): PortSet =>
    unitePorts(
      isolation.rules
        .filter(({ peers }) => peers.some((peer) => index.means(peer, remote)))
        .flatMap(({ ports }) => ports.map((port) => portsOf(port, destination))),
    );

  /** Pods of one isolation share an answer per remote address: for ingress their named ports are equal. */
  const side = (direction: Direction, own: string, remote: string, destination: PodEndpoint | undefined): PortSet => {
    const isolation = index.isolationAt(direction, own);
    if (isolation === undefined) return ALL_PORTS;
    const answers = known.get(isolation) ?? new Map<string, PortSet>();
    known.set(isolation, answers);
    const answer = answers.get(remote) ?? allowedBy(isolation, remote, destination);
    answers.set(remote, answer);
    return answer;
  };

  return (source, destination) => {
    if (findExemption(index, source, destination) !== undefined) return ALL_PORTS;
    const target = index.podAt(destination);
    return intersectPorts(side('egress', source, destination, target), side('ingress', destination, source, target));
  };
};
