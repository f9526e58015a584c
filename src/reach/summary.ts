import type { ClusterReach } from './cluster-reach.ts';
import { ALL, NONE, type PortsId } from './port-sets.ts';
import { pairCount, type Row } from './workloads.ts';

/** How many connections are allowed at every port, at some ports, and denied at all. */
export interface Counts {
  readonly every: number;
  readonly some: number;
  readonly denied: number;
}

/** The numbers of one part of a matrix. */
export interface Summary {
  readonly workloads: number;
  readonly pods: number;
  /** Pairs of workloads, those between two pods of one workload among them. */
  readonly betweenWorkloads: Counts;
  readonly betweenPods: Counts;
  /** Pairs of workloads of which no policy isolates an end: they are among those that are allowed at every port. */
  readonly unruled: number;
  /** Workloads, by what the addresses outside reach of them. */
  readonly fromOutside: Counts;
  /** Workloads, by what they reach outside. */
  readonly toOutside: Counts;
}

/** Sources and destinations, each of which is combined with each. */
export interface Block {
  readonly sources: readonly Row[];
  readonly destinations: readonly Row[];
}

/** The pods and ports that a matrix covers. */
export interface Question {
  /** No pair of rows is in two of them. */
  readonly blocks: readonly Block[];
  /** Those that addresses outside are sources for. */
  readonly fromOutside: readonly Row[];
  /** Those that addresses outside are destinations of. */
  readonly toOutside: readonly Row[];
}

type Kind = keyof Counts;

const kindOf = (verdicts: readonly (PortsId | undefined)[]): Kind | undefined => {
  const known = verdicts.filter((ports) => ports !== undefined);
  if (known.length === 0) return undefined;
  if (known.every((ports) => ports === ALL)) return 'every';
  return known.every((ports) => ports === NONE) ? 'denied' : 'some';
};

const createTally = () => {
  const counts = { every: 0, some: 0, denied: 0 };
  return {
    counts,
    add(kind: Kind | undefined, number: number) {
      if (kind !== undefined) counts[kind] += number;
    },
  };
};

/** Rows of one class: they fare alike. */
const byClass = (rows: readonly Row[]): readonly (readonly [number, readonly Row[]])[] => [
  ...Map.groupBy(rows, ({ podClass }) => podClass),
];

const podsIn = (rows: readonly Row[]): number => rows.reduce((sum, { pods }) => sum + pods.length, 0);

/** Pairs of rows that have pods in common, and how many. */
function* overlaps(sources: readonly Row[], destinations: readonly Row[]): Generator<readonly [Row, Row, number]> {
  const rowOf = new Map(sources.flatMap((row) => row.pods.map((pod) => [pod, row] as const)));
  for (const destination of destinations) {
    const shared = Map.groupBy(
      destination.pods.filter((pod) => rowOf.has(pod)),
      (pod) => rowOf.get(pod),
    );
    for (const [source, pods] of shared) if (source !== undefined) yield [source, destination, pods.length];
  }
}

/** @param onProgress called with the part that is done, 0 to 1 */
export const summarise = (
  { classes, families }: ClusterReach,
  { blocks, fromOutside, toOutside }: Question,
  onProgress: (done: number) => void = () => undefined,
): Summary => {
  const betweenWorkloads = createTally();
  const betweenPods = createTally();
  let unruled = 0;

  const count = (sources: readonly Row[], destinations: readonly Row[], from: number, to: number): void => {
    let workloads = sources.length * destinations.length;
    let pods = podsIn(sources) * podsIn(destinations);
    if (from === to) {
      // A pod has no connection to itself.
      for (const [source, destination, shared] of overlaps(sources, destinations)) {
        pods -= shared;
        if (pairCount(source, destination) === 0) workloads -= 1;
      }
    }
    const kind = kindOf(families.map(({ ports }) => ports(from, to)));
    betweenWorkloads.add(kind, workloads);
    betweenPods.add(kind, pods);
    if (kind === 'every' && !families.some(({ isRuled }) => isRuled(from, to))) unruled += workloads;
  };

  for (const { sources, destinations } of blocks) {
    const from = byClass(sources);
    const to = byClass(destinations);
    to.forEach(([destination, destinationRows], at) => {
      onProgress(at / to.length);
      for (const [source, sourceRows] of from) count(sourceRows, destinationRows, source, destination);
    });
  }

  const outside = (rows: readonly Row[], direction: 'from' | 'to'): Counts => {
    const tally = createTally();
    for (const [podClass, alike] of byClass(rows)) {
      const verdicts = families.flatMap(({ ports, outsideSources, outsideDestinations }) =>
        direction === 'from'
          ? outsideSources.map((_, number) => ports(classes.length + number, podClass))
          : outsideDestinations.map((_, number) => ports(podClass, classes.length + number)),
      );
      tally.add(kindOf(verdicts), alike.length);
    }
    return tally.counts;
  };

  const rows = new Set([
    ...blocks.flatMap(({ sources, destinations }) => [...sources, ...destinations]),
    ...fromOutside,
    ...toOutside,
  ]);
  return {
    workloads: rows.size,
    pods: new Set([...rows].flatMap(({ pods }) => pods)).size,
    betweenWorkloads: betweenWorkloads.counts,
    betweenPods: betweenPods.counts,
    unruled,
    fromOutside: outside(fromOutside, 'from'),
    toOutside: outside(toOutside, 'to'),
  };
};
