import { PROTOCOLS } from '../model/protocol.ts';
import type { AllowRule, Peer, PortMatch } from './node-policy.ts';
import type { PeerSpec, PortSpec, RuleSpec, ParsedPolicy } from './parsed.ts';
import { DIRECTIONS, type Direction } from '../model/direction.ts';

/** The resources that policies need on a node. */
export interface Usage {
  /** Rules of one family, summed over the groups of pods. */
  readonly rules: number;
  readonly sets: number;
  /** Members of these sets, of both families. */
  readonly members: number;
  /** Estimated memory of the agent for all of it, in bytes. */
  readonly memory: number;
}

export type Resource = keyof Usage;

export const RESOURCES: readonly Resource[] = ['rules', 'sets', 'members', 'memory'];

/** The scopes of a limit. */
export const SCOPES = ['policy', 'namespace', 'node'] as const;

export type LimitScope = (typeof SCOPES)[number];

/** The most that one policy, all policies of a namespace, and all policies may use on one node. */
export type Limits = Readonly<Record<LimitScope, Usage>>;

/** Bytes of the agent's memory for one of each. */
const BYTES = { rules: 1_500, sets: 2_500, members: 150 } as const;

const MIB = 1024 * 1024;

export const NO_USAGE: Usage = { rules: 0, sets: 0, members: 0, memory: 0 };

/** Returns the usage with its estimated memory. */
export const usageOf = (rules: number, sets: number, members: number): Usage => ({
  rules,
  sets,
  members,
  memory: rules * BYTES.rules + sets * BYTES.sets + members * BYTES.members,
});

export const addUsage = (a: Usage, b: Usage): Usage => ({
  rules: a.rules + b.rules,
  sets: a.sets + b.sets,
  members: a.members + b.members,
  memory: a.memory + b.memory,
});

export const takeUsage = (a: Usage, b: Usage): Usage => ({
  rules: a.rules - b.rules,
  sets: a.sets - b.sets,
  members: a.members - b.members,
  memory: a.memory - b.memory,
});

/** Returns the first resource that exceeds the limit. */
export const excessOf = (usage: Usage, limit: Usage): Resource | undefined =>
  RESOURCES.find((resource) => usage[resource] > limit[resource]);

/**
 * Far more than clusters need: 200 pods with 500 namespaces need about 2,000 rules, 230 sets and 50,000 members on a node.
 * With the legacy backend, a change costs 2 µs for each rule of the node.
 */
export const DEFAULT_LIMITS: Limits = {
  policy: { rules: 10_000, sets: 512, members: 65_536, memory: 24 * MIB },
  namespace: { rules: 10_000, sets: 512, members: 65_536, memory: 24 * MIB },
  node: { rules: 40_000, sets: 8_192, members: 524_288, memory: 96 * MIB },
};

/** The number of sets of all pods of the cluster that always fit. */
const SETS_OF_ALL = 4;

/** Returns the limit for a cluster with that many pods: a set of all pods may be larger than the usual limit. */
export const limitFor = (limit: Usage, pods: number): Usage => {
  const more = Math.max(0, SETS_OF_ALL * pods - limit.members);
  return more === 0 ? limit : { ...limit, members: limit.members + more, memory: limit.memory + more * BYTES.members };
};

/**
 * Maximum rules of one policy for each direction and family. A rule's peers and ports multiply: an object that an API server
 * accepts could need tens of millions of rules on every node that has its pods.
 */
export const MAX_RULES = 10_000;

/** Port ranges that always fit into one multiport match (iptables-extensions(8)). */
const RANGES_PER_MATCH = 7;

/** Returns the number of combinations: blocks without excepts share one set; each other peer needs rules of its own. */
const waysOfPeers = (peers: readonly (PeerSpec | Peer)[] | 'any'): number => {
  if (peers === 'any') return 1;
  const whole = peers.filter((peer) => peer.kind === 'ipBlock' && peer.block.except.length === 0).length;
  return peers.length - whole + Math.min(whole, 1);
};

const waysOfPorts = (ports: readonly (PortSpec | PortMatch)[] | 'any'): number => {
  if (ports === 'any' || ports.some(({ kind }) => kind === 'any')) return 1;
  const named = ports.filter(({ kind }) => kind === 'named').length;
  const matches = PROTOCOLS.map((protocol) => {
    const ranges = ports.filter((port) => port.kind === 'range' && port.protocol === protocol).length;
    return Math.ceil(ranges / RANGES_PER_MATCH);
  });
  return matches.reduce((sum, count) => sum + count, named);
};

/** Returns a lower bound for the number of kernel rules, per family, that one rule of a policy needs. */
export const ruleSize = ({ peers, ports }: RuleSpec | AllowRule): number => waysOfPeers(peers) * waysOfPorts(ports);

/** A lower bound for what a policy needs in the kernel, derived from the policy alone. */
interface PolicyCost {
  /** Rules of one group of pods in one family. */
  readonly rules: Readonly<Record<Direction, number>>;
  readonly sets: number;
  /** Members of the sets of blocks. */
  readonly members: number;
}

const known = new WeakMap<ParsedPolicy, PolicyCost>();

/** Returns the sets, and the members of those that contain blocks. */
const setsOf = ({ peers, ports }: RuleSpec, direction: Direction): Pick<PolicyCost, 'sets' | 'members'> => {
  // An egress port name is resolved among the pods of each peer: each combination needs a set.
  const named = ports === 'any' || direction === 'ingress' ? 0 : ports.filter(({ kind }) => kind === 'named').length;
  if (peers === 'any') return { sets: named, members: 0 };
  let pods = 0;
  let whole = 0;
  let pierced = 0;
  let holes = 0;
  for (const peer of peers) {
    if (peer.kind === 'pods') pods += 1;
    else if (peer.block.except.length === 0) whole += 1;
    else {
      pierced += 1;
      holes += peer.block.except.length;
    }
  }
  const ofBlocks = whole > 1 ? 1 : 0;
  const namedBlocks = whole + pierced > 0 ? named : 0;
  return { sets: pods * (1 + named) + ofBlocks + pierced + namedBlocks, members: (ofBlocks === 0 ? 0 : whole) + holes };
};

const measure = ({ rules, directions }: ParsedPolicy): PolicyCost => {
  const counts: Record<Direction, number> = { ingress: 0, egress: 0 };
  let sets = 0;
  let members = 0;
  for (const direction of DIRECTIONS) {
    if (!directions.includes(direction)) continue;
    // A direction without rules costs something too: its pods are a group of their own.
    counts[direction] = 1;
    for (const rule of rules[direction]) {
      counts[direction] += ruleSize(rule);
      const more = setsOf(rule, direction);
      sets += more.sets;
      members += more.members;
    }
  }
  return { rules: counts, sets, members };
};

/** Returns the policy's cost; computes it once. */
export const policyCost = (policy: ParsedPolicy): PolicyCost => {
  const cost = known.get(policy) ?? measure(policy);
  known.set(policy, cost);
  return cost;
};
