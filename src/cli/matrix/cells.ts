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

/** The part of a cell that a table shows. */
export type ShownVerdict = Pick<Cell, 'verdict' | 'ports'>;

/** Verdicts between classes of pods; undefined where the ends have no family of addresses in common. */
export interface ClassVerdicts {
  fromOutside(podClass: number): ShownVerdict | undefined;
  toOutside(podClass: number): ShownVerdict | undefined;
  /** From a pod of the first class to another pod of the second. */
  between(from: number, to: number): ShownVerdict | undefined;
}

export const classVerdicts = ({ classes, families, portSets }: ClusterReach): ClassVerdicts => {
  const outside = classes.length;
  const known = new Map<PortsId, ShownVerdict>();
  const show = (ports: PortsId): ShownVerdict => {
    const verdict = ports === ALL ? 'every' : ports === NONE ? 'denied' : 'some';
    const shown = known.get(ports) ?? { verdict, ports: describePorts(portSets.get(ports)) };
    known.set(ports, shown);
    return shown;
  };
  const describe = (ids: readonly (PortsId | undefined)[]): ShownVerdict | undefined => {
    const [first, ...others] = new Set(ids.filter((id) => id !== undefined));
    if (first === undefined) return undefined;
    return others.length > 0 ? { verdict: 'some', ports: undefined } : show(first);
  };
  return {
    fromOutside: (podClass) =>
      describe(
        families.flatMap(({ outsideSources, ports }) => outsideSources.map((_, at) => ports(outside + at, podClass))),
      ),
    toOutside: (podClass) =>
      describe(
        families.flatMap(({ outsideDestinations, ports }) =>
          outsideDestinations.map((_, at) => ports(podClass, outside + at)),
        ),
      ),
    between: (from, to) => describe(families.map(({ ports }) => ports(from, to))),
  };
};

/** All connections that a question is about, one after the other: there may be millions. */
export function* cellsOf(reach: ClusterReach, question: Question): Generator<Cell> {
  const { classes, families } = reach;
  const verdicts = classVerdicts(reach);
  const isRuled = (source: number, destination: number): boolean =>
    families.some((family) => family.isRuled(source, destination));
  const outside = classes.length;

  for (const { name, podClass, pods } of question.fromOutside) {
    const found = verdicts.fromOutside(podClass);
    if (found !== undefined) {
      yield { from: OUTSIDE, to: name, pods: [0, pods.length], ...found, isRuled: isRuled(outside, podClass) };
    }
  }
  for (const { name, podClass, pods } of question.toOutside) {
    const found = verdicts.toOutside(podClass);
    if (found !== undefined) {
      yield { from: name, to: OUTSIDE, pods: [pods.length, 0], ...found, isRuled: isRuled(podClass, outside) };
    }
  }
  const between = (source: Row, destination: Row): Cell | undefined => {
    if (pairCount(source, destination) === 0) return undefined;
    const [from, to] = [source.podClass, destination.podClass];
    const found = verdicts.between(from, to);
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
