import type { IpFamily } from '../model/family.ts';
import { type SetName, spareSet } from '../program/names.ts';
import type { SetsDelta } from '../program/incremental/family-sets.ts';
import type { IpSet } from '../program/node-program.ts';
import type { ObservedSet } from './observed.ts';

/** Stale sets: they exist in the kernel, and their members belong to no current state. */

const DESTROY = 'destroy ';

/** Returns the line of `ipset restore` that destroys a set. */
export const destroyLine = (name: string): string => `${DESTROY}${name}`;

/** Returns the set's name from such a line. */
export const destroyedSet = (line: string): string => line.slice(DESTROY.length);

interface EmptiedFirst {
  /** The lines, preceded by those that empty the sets to be created again. */
  readonly lines: string;
  /** Names of the stale sets that the lines create again. */
  readonly again: readonly string[];
}

/** Prepends `flush` for stale sets that are re-created, so that their old members don't become valid again. */
export const emptyFirst = (lines: string, stale: readonly string[]): EmptiedFirst => {
  const again = stale.filter((name) => lines.includes(`create ${name} `));
  return { lines: `${again.map((name) => `flush ${name}\n`).join('')}${lines}`, again };
};

/** A set that the node needs. */
export interface DesiredSet extends IpSet {
  readonly family: IpFamily;
}

/** The lines of `ipset restore` that lead to the wanted sets, by the time at which each is safe. */
export interface SetSteps {
  readonly create: readonly string[];
  /** Removes from allow sets, adds to deny sets. */
  readonly tighten: readonly string[];
  /** Adds to allow sets, removes from deny sets. */
  readonly loosen: readonly string[];
  readonly destroy: readonly string[];
}

/** The maxelem of every set. It is only a limit: members take memory as they are added. */
const MIN_ROOM = 1_048_576;
/**
 * The maxelem of sets whose members expire, at about 100 bytes per member: four times the usual maximum of entries in the
 * connection tracking table (nf_conntrack_max).
 */
const TIMED_ROOM = 1_048_576;
/** Bounds of a new set's hash size: ipset's minimum, and the most that is worth allocating before members come. */
const MIN_BUCKETS = 64;
const MAX_BUCKETS = 65_536;

const powerOfTwo = (atLeast: number): number => 2 ** Math.ceil(Math.log2(Math.max(atLeast, 1)));

const roomFor = (members: number): number => Math.max(MIN_ROOM, powerOfTwo(members));

const bucketsFor = (members: number): number => Math.min(MAX_BUCKETS, Math.max(MIN_BUCKETS, powerOfTwo(members)));

/** Up to this many lines are sorted, for people who read them. */
const READABLE = 1_000;

const sorted = (members: Iterable<string>): readonly string[] => {
  const all = [...members];
  return all.length <= READABLE ? all.sort() : all;
};

/** @param most the largest number of members at any time */
const createLine = (name: SetName, { type, family, timeoutSeconds }: DesiredSet, most: number): string => {
  const inet = family === 'ipv4' ? 'inet' : 'inet6';
  if (timeoutSeconds !== undefined) {
    return `create ${name} ${type} family ${inet} hashsize 64 maxelem ${TIMED_ROOM} timeout ${timeoutSeconds}`;
  }
  return `create ${name} ${type} family ${inet} hashsize ${bucketsFor(most)} maxelem ${roomFor(most)}`;
};

const addLines = (name: SetName, members: Iterable<string>): readonly string[] =>
  sorted(members).map((member) => `add ${name} ${member}`);

const delLines = (name: SetName, members: Iterable<string>): readonly string[] =>
  sorted(members).map((member) => `del ${name} ${member}`);

/** Returns lines that change the set's members from `from` to `to`. */
const changeLines = (name: SetName, from: ReadonlySet<string>, to: ReadonlySet<string>): readonly string[] => [
  ...delLines(name, from.difference(to)),
  ...addLines(name, to.difference(from)),
];

const makeLines = (set: DesiredSet): readonly string[] => [
  createLine(set.name, set, set.members.size),
  ...addLines(set.name, set.members),
];

/**
 * Creates a set with these members that replaces one which is too small, and swaps it in.
 * @param leftover whether the spare set still exists, possibly with another size, because an earlier attempt was cut short
 */
const enlargeLines = (set: DesiredSet, members: ReadonlySet<string>, leftover: boolean): readonly string[] => {
  const spare = spareSet(set.name);
  return [
    ...(leftover ? [destroyLine(spare)] : []),
    createLine(spare, set, Math.max(members.size, set.members.size)),
    ...addLines(spare, members),
    `swap ${spare} ${set.name}`,
    destroyLine(spare),
  ];
};

const isTooSmall = (seen: ObservedSet, wanted: DesiredSet): boolean => seen.maxElements < wanted.members.size;

/** Returns the set's members after tightening, before loosening. */
const tightened = (seen: ReadonlySet<string>, { members, effect }: DesiredSet): ReadonlySet<string> =>
  effect === 'allow' ? seen.intersection(members) : seen.union(members);

const NOTHING: ReadonlySet<string> = new Set();

const NO_STEPS: Omit<SetSteps, 'destroy'> = { create: [], tighten: [], loosen: [] };

const sameMembers = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => a.size === b.size && a.isSubsetOf(b);

/** Returns the steps for one set. Most sets are unchanged, which is checked first. */
const planSet = (seen: ObservedSet | undefined, set: DesiredSet, leftover: boolean): Omit<SetSteps, 'destroy'> => {
  if (seen === undefined) return { create: makeLines(set), tighten: [], loosen: [] };
  if (seen.type !== set.type || seen.family !== set.family) {
    // Sets of two types cannot be swapped. No rule of ours names this one: its name would be another.
    return { create: [destroyLine(set.name), ...makeLines(set)], tighten: [], loosen: [] };
  }
  if (set.timeoutSeconds !== undefined) {
    // An earlier version made it smaller. Its members last for seconds only.
    return seen.maxElements >= TIMED_ROOM ? NO_STEPS : { ...NO_STEPS, create: enlargeLines(set, NOTHING, leftover) };
  }
  const grows = isTooSmall(seen, set);
  if (!grows && sameMembers(seen.members, set.members)) return NO_STEPS;
  const between = tightened(seen.members, set);
  return {
    create: grows ? enlargeLines(set, between, leftover) : [],
    tighten: grows ? [] : changeLines(set.name, seen.members, between),
    loosen: changeLines(set.name, between, set.members),
  };
};

/** Plans the changes from the sets as they were read to the wanted ones. */
export const compareSets = (
  observed: ReadonlyMap<string, ObservedSet>,
  desired: ReadonlyMap<SetName, DesiredSet>,
): SetSteps => {
  const ways = [...desired.values()].map((set) =>
    planSet(observed.get(set.name), set, observed.has(spareSet(set.name))),
  );
  const create = ways.flatMap((way) => way.create);
  const destroyed = new Set(create.filter((line) => line.startsWith('destroy ')));
  const stale = sorted(observed.keys()).filter((name) => !desired.has(name as SetName));
  return {
    create,
    tighten: ways.flatMap((way) => way.tighten),
    loosen: ways.flatMap((way) => way.loosen),
    // A spare set that was in the way of another one is destroyed already.
    destroy: stale.map(destroyLine).filter((line) => !destroyed.has(line)),
  };
};

/** Returns the steps from one rule set to the next, for sets in the expected state. */
export const changeSets = (family: IpFamily, { created, changed, destroyed }: SetsDelta): SetSteps => {
  const create = created.flatMap((set) => makeLines({ ...set, family }));
  const tighten: string[] = [];
  const loosen: string[] = [];
  for (const { set, added, removed } of changed) {
    const isAllow = set.effect === 'allow';
    (isAllow ? tighten : loosen).push(...delLines(set.name, removed));
    (isAllow ? loosen : tighten).push(...addLines(set.name, added));
  }
  return { create, tighten, loosen, destroy: destroyed.map(destroyLine) };
};
