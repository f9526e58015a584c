import type { Direction } from '../../model/direction.ts';
import type { AllowRule, Peer, PortMatch } from '../node-policy.ts';
import type { ParsedPolicy, PeerSpec, PortSpec } from '../parsed.ts';
import type { Peers } from './peers.ts';
import type { PortNames } from './port-names.ts';

/** A policy's rules with live members, for as long as some pod of the node is selected by it. */
export interface MaterialisedRules {
  of(direction: Direction): readonly AllowRule[];
  /** Lets go of the peers. */
  release(): void;
}

const ANY_PEER: readonly Peer[] = [{ kind: 'any' }];
const ANY_PORT: readonly PortMatch[] = [{ kind: 'any' }];

export const materialiseRules = (policy: ParsedPolicy, peers: Peers, portNames: PortNames): MaterialisedRules => {
  const acquired: Extract<Peer, { kind: 'pods' }>[] = [];

  const peerOf = (spec: PeerSpec): Peer => {
    if (spec.kind === 'ipBlock') return spec;
    const peer = peers.acquire(spec, policy.namespace);
    acquired.push(peer);
    return peer;
  };

  const portOf = (port: PortSpec, direction: Direction): PortMatch => {
    if (port.kind === 'range') return port;
    return { ...port, targets: direction === 'egress' ? portNames.targets(port.protocol, port.name) : undefined };
  };

  const rulesOf = (direction: Direction): readonly AllowRule[] =>
    policy.directions.includes(direction)
      ? policy.rules[direction].map((rule, index) => ({
          policy: policy.key,
          index,
          peers: rule.peers === 'any' ? ANY_PEER : rule.peers.map(peerOf),
          ports: rule.ports === 'any' ? ANY_PORT : rule.ports.map((port) => portOf(port, direction)),
        }))
      : [];

  const rules: Readonly<Record<Direction, readonly AllowRule[]>> = {
    ingress: rulesOf('ingress'),
    egress: rulesOf('egress'),
  };
  return {
    of: (direction) => rules[direction],
    release() {
      acquired.forEach(peers.release);
    },
  };
};
