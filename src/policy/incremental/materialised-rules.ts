import type { Direction } from '../../model/direction.ts';
import type { AllowRule, Peer, PortMatch } from '../node-policy.ts';
import type { ParsedPolicy, PeerSpec, PortSpec } from '../parsed.ts';
import type { Peers } from './peers.ts';
import type { PortNames } from './pod-index.ts';

/** Yields the policy's peers that select pods. */
export const podsPeers = function* ({ directions, rules }: ParsedPolicy): Generator<PodsSpec> {
  for (const direction of directions) {
    for (const { peers } of rules[direction]) {
      if (peers === 'any') continue;
      for (const peer of peers) if (peer.kind === 'pods') yield peer;
    }
  }
};

type PodsSpec = Extract<PeerSpec, { kind: 'pods' }>;
type PodsPeer = Extract<Peer, { kind: 'pods' }>;

/** A policy's rules with live members, while it selects a pod of the node. */
export interface MaterialisedRules {
  of(direction: Direction): readonly AllowRule[];
  /** The distinct peers that select pods. */
  readonly peers: ReadonlySet<PodsPeer>;
  /** Returns an upper bound for the current members of the sets of address and port. */
  namedMembers(): number;
  /** Releases the peers. */
  release(): void;
}

const ANY_PEER: readonly Peer[] = [{ kind: 'any' }];
const ANY_PORT: readonly PortMatch[] = [{ kind: 'any' }];

const sizeOf = ({ addresses }: PodsPeer): number => addresses.ipv4.size + addresses.ipv6.size;

const namedOf = (rules: readonly AllowRule[]): number => {
  let members = 0;
  for (const { peers, ports } of rules) {
    for (const port of ports) {
      if (port.kind !== 'named') continue;
      const targets = port.targets?.size ?? 0;
      for (const peer of peers) members += peer.kind === 'pods' ? Math.min(targets, sizeOf(peer)) : targets;
    }
  }
  return members;
};

/** @returns the number of members at which it stopped, if there are more than `most` */
export const materialiseRules = (
  policy: ParsedPolicy,
  peers: Peers,
  portNames: PortNames,
  most = Number.POSITIVE_INFINITY,
): MaterialisedRules | number => {
  const acquired: PodsPeer[] = [];
  const distinct = new Set<PodsPeer>();
  let members = 0;

  const peerOf = (spec: PeerSpec): readonly Peer[] => {
    if (spec.kind === 'ipBlock') return [spec];
    if (members > most) return [];
    const peer = peers.acquire(spec, policy.namespace);
    acquired.push(peer);
    if (!distinct.has(peer)) members += sizeOf(peer);
    distinct.add(peer);
    return [peer];
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
          peers: rule.peers === 'any' ? ANY_PEER : rule.peers.flatMap(peerOf),
          ports: rule.ports === 'any' ? ANY_PORT : rule.ports.map((port) => portOf(port, direction)),
        }))
      : [];

  const rules: Readonly<Record<Direction, readonly AllowRule[]>> = {
    ingress: rulesOf('ingress'),
    egress: rulesOf('egress'),
  };
  const release = (): void => {
    acquired.forEach(peers.release);
  };
  if (members > most) {
    release();
    return members;
  }
  return { of: (direction) => rules[direction], peers: distinct, namedMembers: () => namedOf(rules.egress), release };
};
