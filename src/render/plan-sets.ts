import type { IpFamily } from '../model/family.ts';
import { type SetName, spareSet } from '../program/names.ts';
import type { IpSet } from '../program/node-program.ts';
import type { ObservedSet } from './observed.ts';

/** A set as one node wants it. */
export interface DesiredSet extends IpSet {
  readonly family: IpFamily;
}

/** The lines of `ipset restore` that lead to the desired sets, by the moment at which each is safe. */
export interface SetSteps {
  readonly create: readonly string[];
  /** Removes from allow sets, adds to deny sets. */
  readonly tighten: readonly string[];
  /** Adds to allow sets, removes from deny sets. */
  readonly loosen: readonly string[];
  readonly destroy: readonly string[];
}

/** Room that every set is made with: a limit only, memory is taken as members come. */
const MIN_ROOM = 1_048_576;
/** Buckets a set starts with: ipset's smallest, and the most it is worth taking before members come. */
const MIN_BUCKETS = 64;
const MAX_BUCKETS = 65_536;

const powerOfTwo = (atLeast: number): number => 2 ** Math.ceil(Math.log2(Math.max(atLeast, 1)));

const roomFor = (members: number): number => Math.max(MIN_ROOM, powerOfTwo(members));

const bucketsFor = (members: number): number => Math.min(MAX_BUCKETS, Math.max(MIN_BUCKETS, powerOfTwo(members)));

const sorted = (members: Iterable<string>): readonly string[] => [...members].sort();

const createLine = (name: SetName, { type, family, members }: DesiredSet): string => {
  const inet = family === 'ipv4' ? 'inet' : 'inet6';
  return `create ${name} ${type} family ${inet} hashsize ${bucketsFor(members.size)} maxelem ${roomFor(members.size)}`;
};

const addLines = (name: SetName, members: Iterable<string>): readonly string[] =>
  sorted(members).map((member) => `add ${name} ${member}`);

/**
 * A set that cannot hold what it should is made anew beside the old one and swapped in. The spare may be left from an
 * attempt that was cut short, so it is emptied first.
 */
const replaceLines = (set: DesiredSet): readonly string[] => {
  const spare = spareSet(set.name);
  return [
    createLine(spare, set),
    `flush ${spare}`,
    ...addLines(spare, set.members),
    `swap ${spare} ${set.name}`,
    `destroy ${spare}`,
  ];
};

const fits = (seen: ObservedSet, wanted: DesiredSet): boolean =>
  seen.type === wanted.type && seen.family === wanted.family && seen.maxElements >= wanted.members.size;

/** Plans the way from the sets that were seen to the desired ones. */
export const planSets = (
  observed: ReadonlyMap<string, ObservedSet>,
  desired: ReadonlyMap<SetName, DesiredSet>,
): SetSteps => {
  const create: string[] = [];
  const tighten: string[] = [];
  const loosen: string[] = [];
  for (const [name, set] of desired) {
    const seen = observed.get(name);
    if (seen === undefined) {
      create.push(createLine(name, set), ...addLines(name, set.members));
    } else if (!fits(seen, set)) {
      create.push(...replaceLines(set));
    } else {
      const gone = sorted(seen.members.difference(set.members)).map((member) => `del ${name} ${member}`);
      const come = addLines(name, set.members.difference(seen.members));
      if (set.effect === 'allow') {
        tighten.push(...gone);
        loosen.push(...come);
      } else {
        tighten.push(...come);
        loosen.push(...gone);
      }
    }
  }
  const destroy = sorted(observed.keys()).filter((name) => !desired.has(name as SetName));
  return { create, tighten, loosen, destroy: destroy.map((name) => `destroy ${name}`) };
};
