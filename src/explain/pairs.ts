import { PROTOCOLS, type Protocol } from '../model/protocol.ts';
import { familyOf } from '../policy/cidr.ts';
import type { Evaluator } from '../trace/evaluator.ts';
import { type PortRange, type PortSet, subtractPorts } from '../trace/port-set.ts';
import type { End } from './ends.ts';

/** A port of one workload that another one can reach: what the size of a change is counted in. */
export interface Pair {
  /** Names of workloads, or of ranges outside the cluster. */
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol | 'other';
  /** A port that the destination declares, or the one in question; `others` is the rest of the protocol, counted once. */
  readonly port: number | 'others';
}

/** Two ends, the source first, whose connections a change may concern. */
export type EndPair = readonly [End, End];

/** The open ports between ends: one set for each pair of addresses, always in the same order. */
export type Measured = readonly PortSet[];

/** The packet in question: its port is counted separately. */
export interface AskedPort {
  readonly protocol: Protocol;
  readonly port: number;
}

type Addresses = readonly [string, string];

/** The pairs of addresses of one family that stand for two ends; none for a pod and itself. */
const addressesOf = ([from, to]: EndPair): readonly Addresses[] => {
  const targets = from === to ? (to.twin ?? []) : to.ips;
  return from.ips.flatMap((source) => {
    const target = targets.find((ip) => familyOf(ip) === familyOf(source));
    return target === undefined ? [] : [[source, target] as const];
  });
};

/** Measures what is open now between each two ends. */
export const measure = (evaluator: Pick<Evaluator, 'reach'>, scope: readonly EndPair[]): Measured =>
  scope.flatMap((ends) => addressesOf(ends).map(([source, target]) => evaluator.reach(source, target).ports));

const size = (ranges: readonly PortRange[]): number => ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);

const holds = (ranges: readonly PortRange[], port: number): boolean =>
  ranges.some(({ from, to }) => port >= from && port <= to);

const pairsAt = ([from, to]: EndPair, ports: PortSet, asked: AskedPort): readonly Pair[] => {
  const ends = { from: from.name, to: to.name };
  const ofProtocols = PROTOCOLS.flatMap((protocol): readonly Pair[] => {
    const ranges = ports[protocol];
    if (ranges.length === 0) return [];
    const known = [...to.ports, asked].filter((each) => each.protocol === protocol).map(({ port }) => port);
    const open = [...new Set(known)].filter((port) => holds(ranges, port));
    const rest: readonly Pair[] = size(ranges) > open.length ? [{ ...ends, protocol, port: 'others' }] : [];
    return [...open.map((port): Pair => ({ ...ends, protocol, port })), ...rest];
  });
  return ports.other ? [...ofProtocols, { ...ends, protocol: 'other', port: 'others' }] : ofProtocols;
};

/** Returns what is open after and was not before, each pair once. */
export const newlyOpen = (
  scope: readonly EndPair[],
  before: Measured,
  after: Measured,
  asked: AskedPort,
): readonly Pair[] => {
  const found = new Map<string, Pair>();
  let at = 0;
  for (const ends of scope) {
    const end = at + addressesOf(ends).length;
    for (; at < end; at += 1) {
      const [was, is] = [before[at], after[at]];
      if (was === undefined || is === undefined || was === is) continue;
      for (const pair of pairsAt(ends, subtractPorts(is, was), asked)) {
        found.set(`${pair.from}\n${pair.to}\n${pair.protocol}\n${pair.port}`, pair);
      }
    }
  }
  return [...found.values()];
};
