import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { byText } from '../policy/text-order.ts';
import { type AddressRange, joinRanges } from '../trace/outside.ts';
import { isEmpty, type PortSet, subtractPorts } from '../trace/port-set.ts';
import type { ClusterReach } from './cluster-reach.ts';
import type { OutsideClass } from './outside-classes.ts';
import { NONE, type PortSets, type PortsId } from './port-sets.ts';
import { createWorkloadNames, type WorkloadOf } from './workloads.ts';

/** One of two states that are compared. Both have to share their sets of ports, see ClusterReachInput. */
export interface ReachState {
  readonly reach: ClusterReach;
  /** The pods that `reach` covers. */
  readonly pods: readonly PodEndpoint[];
  readonly workloadOf: WorkloadOf;
}

/** A connection that opens or closes, or both at different ports. */
export interface ReachChange {
  /** The name of a workload, or undefined for the outside. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly family: IpFamily;
  /** The addresses outside that it holds for; absent between workloads. */
  readonly ranges?: readonly AddressRange[];
  /**
   * Ports that are open now and were not: between all pods of the two workloads, or between some of them. What opened between
   * some pods and closed between others is in both.
   */
  readonly opened: PortSet;
  readonly closed: PortSet;
}

/** The effect of a change of policies, pods or namespaces on who reaches whom. */
export interface ReachDifference {
  /** Between workloads that are in both states, and between them and the outside; by family, then in the order of names. */
  readonly changes: readonly ReachChange[];
  /** Workloads that are only in the second state, or only in the first; in order. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** The ports open between two workloads: for at least one pair of their pods, and for all pairs. */
interface Extent {
  readonly some: PortsId;
  readonly every: PortsId;
}

interface Part {
  readonly podClass: number;
  readonly pods: number;
}

type Parts = ReadonlyMap<string, readonly Part[]>;

const partsOf = ({ reach, pods, workloadOf }: ReachState): Parts => {
  const nameOf = createWorkloadNames(pods, workloadOf);
  return new Map(
    [...Map.groupBy(pods, nameOf)].map(([name, members]) => {
      const classes = Map.groupBy(members, (pod) => reach.classOf.get(pod) ?? 0);
      return [name, [...classes].map(([podClass, alike]) => ({ podClass, pods: alike.length }))];
    }),
  );
};

/** Workloads whose pods are of the same classes in both states: what opens for one opens for all. */
interface Group {
  readonly names: readonly string[];
  readonly before: readonly Part[];
  readonly after: readonly Part[];
}

const groupsOf = (names: readonly string[], before: Parts, after: Parts): readonly Group[] => {
  const classes = (parts: readonly Part[]): string => parts.map(({ podClass }) => podClass).join(' ');
  const keyOf = (name: string): string => `${classes(before.get(name) ?? [])}|${classes(after.get(name) ?? [])}`;
  return [...Map.groupBy(names, keyOf).values()].map((alike) => {
    const [first = ''] = alike;
    return { names: alike, before: before.get(first) ?? [], after: after.get(first) ?? [] };
  });
};

type Ports = (source: number, destination: number) => PortsId | undefined;

/** @param isInside both are one workload: a part of one pod has no connection to itself */
const extentOf = (
  ports: Ports,
  sets: PortSets,
  sources: readonly Part[],
  destinations: readonly Part[],
  isInside: boolean,
): Extent | undefined => {
  let extent: Extent | undefined;
  for (const source of sources) {
    for (const destination of destinations) {
      if (isInside && source.podClass === destination.podClass && source.pods < 2) continue;
      const found = ports(source.podClass, destination.podClass);
      if (found === undefined) continue;
      extent =
        extent === undefined
          ? { some: found, every: found }
          : { some: sets.unite(extent.some, found), every: sets.intersect(extent.every, found) };
    }
  }
  return extent;
};

type Moved = Pick<ReachChange, 'opened' | 'closed'>;

/** @returns a function that compares extents, each pair of them once; undefined where nothing changed */
const createCompare = (
  sets: PortSets,
): ((before: Extent | undefined, after: Extent | undefined) => Moved | undefined) => {
  const known = new Map<string, Moved | undefined>();
  const gained = (one: Extent, other: Extent): PortSet => {
    const [some, every] = [one.some, one.every].map((id, at) =>
      sets.idOf(subtractPorts(sets.get(at === 0 ? other.some : other.every), sets.get(id))),
    );
    return sets.get(sets.unite(some ?? NONE, every ?? NONE));
  };
  return (before, after) => {
    // A family that only one state has opens or closes nothing in the other.
    if (before === undefined || after === undefined) return undefined;
    if (before.some === after.some && before.every === after.every) return undefined;
    const key = [before.some, before.every, after.some, after.every].join(' ');
    if (known.has(key)) return known.get(key);
    const moved = { opened: gained(before, after), closed: gained(after, before) };
    const result = isEmpty(moved.opened) && isEmpty(moved.closed) ? undefined : moved;
    known.set(key, result);
    return result;
  };
};

/** The parts of two lists of ranges that both hold, each with the numbers of its lists. */
function* overlay(
  before: readonly OutsideClass[],
  after: readonly OutsideClass[],
): Generator<{ readonly range: AddressRange; readonly before: number; readonly after: number }> {
  const inOrder = (classes: readonly OutsideClass[]) =>
    classes
      .flatMap(({ ranges }, number) => ranges.map((range) => ({ range, number })))
      .sort((a, b) => (a.range.from < b.range.from ? -1 : 1));
  const [left, right] = [inOrder(before), inOrder(after)];
  let [at, other] = [0, 0];
  for (;;) {
    const [one, two] = [left[at], right[other]];
    if (one === undefined || two === undefined) return;
    const from = one.range.from > two.range.from ? one.range.from : two.range.from;
    const to = one.range.to < two.range.to ? one.range.to : two.range.to;
    if (from <= to) yield { range: { ...one.range, from, to }, before: one.number, after: two.number };
    if (one.range.to <= to || one.range.to < two.range.from) at += 1;
    if (two.range.to <= to || two.range.to < one.range.from) other += 1;
  }
}

/**
 * Tells which workloads reach which others at which ports in the second state and not in the first, and the other way round.
 * "Which connections would this policy open?" is the difference of the cluster without and with it.
 */
export const differenceOf = (before: ReachState, after: ReachState): ReachDifference => {
  const sets = before.reach.portSets;
  if (after.reach.portSets !== sets) throw new TypeError('the two states have to share their sets of ports');
  const [partsBefore, partsAfter] = [partsOf(before), partsOf(after)];
  const shared = [...partsBefore.keys()].filter((name) => partsAfter.has(name)).sort(byText);
  const groups = groupsOf(shared, partsBefore, partsAfter);
  const compare = createCompare(sets);
  const changes: ReachChange[] = [];

  for (const first of before.reach.families) {
    const second = after.reach.families.find(({ family }) => family === first.family);
    if (second === undefined) continue;
    const { family } = first;
    const compared = (source: Group, destination: Group, isInside: boolean): Moved | undefined =>
      compare(
        extentOf(first.ports, sets, source.before, destination.before, isInside),
        extentOf(second.ports, sets, source.after, destination.after, isInside),
      );

    for (const source of groups) {
      for (const destination of groups) {
        const moved = compared(source, destination, false);
        if (moved === undefined) continue;
        for (const from of source.names) {
          for (const to of destination.names) if (from !== to) changes.push({ from, to, family, ...moved });
        }
      }
    }
    for (const name of shared) {
      const own = { names: [name], before: partsBefore.get(name) ?? [], after: partsAfter.get(name) ?? [] };
      const moved = compared(own, own, true);
      if (moved !== undefined) changes.push({ from: name, to: name, family, ...moved });
    }

    /** The changes of the outside for a group; ranges with the same change are merged. */
    const outside = (
      group: Group,
      direction: 'from' | 'to',
    ): readonly { ranges: readonly AddressRange[]; moved: Moved }[] => {
      const found = new Map<Moved, AddressRange[]>();
      const [classesBefore, classesAfter] =
        direction === 'from'
          ? [first.outsideSources, second.outsideSources]
          : [first.outsideDestinations, second.outsideDestinations];
      const verdict = (
        reach: ClusterReach,
        ports: Ports,
        parts: readonly Part[],
        number: number,
      ): Extent | undefined => {
        const end: readonly Part[] = [{ podClass: reach.classes.length + number, pods: 1 }];
        const [sources, destinations] = direction === 'from' ? [end, parts] : [parts, end];
        return extentOf(ports, sets, sources, destinations, false);
      };
      for (const part of overlay(classesBefore, classesAfter)) {
        const moved = compare(
          verdict(before.reach, first.ports, group.before, part.before),
          verdict(after.reach, second.ports, group.after, part.after),
        );
        if (moved === undefined) continue;
        const ranges = found.get(moved) ?? [];
        found.set(moved, ranges);
        ranges.push(part.range);
      }
      return [...found].map(([moved, ranges]) => ({ ranges: joinRanges(ranges), moved }));
    };
    for (const group of groups) {
      for (const { ranges, moved } of outside(group, 'from')) {
        for (const to of group.names) changes.push({ from: undefined, to, family, ranges, ...moved });
      }
      for (const { ranges, moved } of outside(group, 'to')) {
        for (const from of group.names) changes.push({ from, to: undefined, family, ranges, ...moved });
      }
    }
  }

  const nameOf = ({ from = '', to = '' }: ReachChange): string => `${from}\n${to}`;
  return {
    changes: changes.sort((a, b) => byText(a.family, b.family) || byText(nameOf(a), nameOf(b))),
    added: [...partsAfter.keys()].filter((name) => !partsBefore.has(name)).sort(byText),
    removed: [...partsBefore.keys()].filter((name) => !partsAfter.has(name)).sort(byText),
  };
};
