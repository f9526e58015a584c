import type { ClusterReach } from '../../reach/cluster-reach.ts';
import { ALL, NONE, type PortsId } from '../../reach/port-sets.ts';
import type { Question } from '../../reach/summary.ts';
import { pairCount, type Row } from '../../reach/workloads.ts';
import { describePorts } from '../../trace/port-set.ts';
import { OUTSIDE } from '../resolve/resolve.ts';

/** A verdict as a table or a picture shows it. */
export interface Cell {
  readonly from: string;
  readonly to: string;
  /** Pods of the two ends; 0 for the outside. */
  readonly pods: readonly [from: number, to: number];
  readonly verdict: 'every' | 'some' | 'denied';
  /** `all`, `none`, `TCP 80`; undefined where it is not the same for all families, or for all addresses outside. */
  readonly ports: string | undefined;
  /** A policy isolates an end. */
  readonly isRuled: boolean;
}

type Verdicts = readonly (PortsId | undefined)[];

/** All connections that a question is about, one after the other: there may be millions. */
export function* cellsOf({ classes, families, portSets }: ClusterReach, question: Question): Generator<Cell> {
  const describe = (ids: Verdicts): Pick<Cell, 'verdict' | 'ports'> | undefined => {
    const [first, ...others] = new Set(ids.filter((id) => id !== undefined));
    if (first === undefined) return undefined;
    if (others.length > 0) return { verdict: 'some', ports: undefined };
    const verdict = first === ALL ? 'every' : first === NONE ? 'denied' : 'some';
    return { verdict, ports: describePorts(portSets.get(first)) };
  };
  const isRuled = (source: number, destination: number): boolean =>
    families.some((family) => family.isRuled(source, destination));
  const outside = classes.length;

  for (const { name, podClass, pods } of question.fromOutside) {
    const found = describe(
      families.flatMap(({ outsideSources, ports }) => outsideSources.map((_, at) => ports(outside + at, podClass))),
    );
    if (found !== undefined) {
      yield { from: OUTSIDE, to: name, pods: [0, pods.length], ...found, isRuled: isRuled(outside, podClass) };
    }
  }
  for (const { name, podClass, pods } of question.toOutside) {
    const found = describe(
      families.flatMap(({ outsideDestinations, ports }) =>
        outsideDestinations.map((_, at) => ports(podClass, outside + at)),
      ),
    );
    if (found !== undefined) {
      yield { from: name, to: OUTSIDE, pods: [pods.length, 0], ...found, isRuled: isRuled(podClass, outside) };
    }
  }
  const between = (source: Row, destination: Row): Cell | undefined => {
    if (pairCount(source, destination) === 0) return undefined;
    const [from, to] = [source.podClass, destination.podClass];
    const found = describe(families.map(({ ports }) => ports(from, to)));
    if (found === undefined) return undefined;
    const counts = [source.pods.length, destination.pods.length] as const;
    return { from: source.name, to: destination.name, pods: counts, ...found, isRuled: isRuled(from, to) };
  };
  for (const { sources, destinations } of question.blocks) {
    for (const source of sources) {
      for (const destination of destinations) {
        const cell = between(source, destination);
        if (cell !== undefined) yield cell;
      }
    }
  }
}
