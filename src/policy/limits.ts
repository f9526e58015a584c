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
