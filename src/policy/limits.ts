/** What policies cost a node. */
export interface Usage {
  /** Rules of one family, those of each group of pods by themselves. */
  readonly rules: number;
  readonly sets: number;
  /** Members of these sets, of both families. */
  readonly members: number;
  /** What all of it takes of the agent's memory, bytes, an estimate. */
  readonly memory: number;
}

export type Resource = keyof Usage;

export const RESOURCES: readonly Resource[] = ['rules', 'sets', 'members', 'memory'];

/** Who may use how much. */
export const SCOPES = ['policy', 'namespace', 'node'] as const;

export type LimitScope = (typeof SCOPES)[number];

/** The most that one policy, the policies of one namespace and all policies may use of one node. */
export type Limits = Readonly<Record<LimitScope, Usage>>;

/** Bytes that the agent keeps of one. */
const BYTES = { rules: 1_500, sets: 2_500, members: 150 } as const;

const MIB = 1024 * 1024;

export const NO_USAGE: Usage = { rules: 0, sets: 0, members: 0, memory: 0 };

/** The usage with its memory. */
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

/** The first resource of which there is more than the limit. */
export const excessOf = (usage: Usage, limit: Usage): Resource | undefined =>
  RESOURCES.find((resource) => usage[resource] > limit[resource]);

/**
 * Far beyond what clusters ask for: 200 pods of 500 namespaces need some 2,000 rules, 230 sets and 50,000 members of a node.
 * A change costs the legacy backend 2 µs for each rule that the node has.
 */
export const DEFAULT_LIMITS: Limits = {
  policy: { rules: 10_000, sets: 512, members: 65_536, memory: 24 * MIB },
  namespace: { rules: 10_000, sets: 512, members: 65_536, memory: 24 * MIB },
  node: { rules: 40_000, sets: 8_192, members: 524_288, memory: 96 * MIB },
};

/** Sets of all pods of the cluster that there is room for in any case. */
const SETS_OF_ALL = 4;

/** The limit in a cluster of that many pods: a set of all of them may be larger than what else is enough. */
export const limitFor = (limit: Usage, pods: number): Usage => {
  const more = Math.max(0, SETS_OF_ALL * pods - limit.members);
  return more === 0 ? limit : { ...limit, members: limit.members + more, memory: limit.memory + more * BYTES.members };
};
