import { PROTOCOLS, type Protocol } from '../model/protocol.ts';
import { MAX_PORT } from '../policy/parse-port.ts';
import { mergeRanges, type PortRange } from '../model/port-range.ts';

export type { PortRange };

/** Ports per protocol, sorted, in ranges that do not touch. */
export interface PortSet extends Readonly<Record<Protocol, readonly PortRange[]>> {
  /** Whether every protocol that NetworkPolicyPort cannot name is included. */
  readonly other: boolean;
}

const EVERY_PORT: readonly PortRange[] = [{ from: 1, to: MAX_PORT }];

export const NO_PORTS: PortSet = { TCP: [], UDP: [], SCTP: [], other: false };
export const ALL_PORTS: PortSet = { TCP: EVERY_PORT, UDP: EVERY_PORT, SCTP: EVERY_PORT, other: true };

const intersectRanges = (a: readonly PortRange[], b: readonly PortRange[]): readonly PortRange[] =>
  a.flatMap((one) =>
    b
      .map((other) => ({ from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) }))
      .filter(({ from, to }) => from <= to),
  );

const perProtocol = (ranges: (protocol: Protocol) => readonly PortRange[], other: boolean): PortSet => ({
  TCP: ranges('TCP'),
  UDP: ranges('UDP'),
  SCTP: ranges('SCTP'),
  other,
});

export const unitePorts = (sets: readonly PortSet[]): PortSet => {
  if (sets.includes(ALL_PORTS)) return ALL_PORTS;
  return perProtocol(
    (protocol) => mergeRanges(sets.flatMap((set) => set[protocol])),
    sets.some(({ other }) => other),
  );
};

export const intersectPorts = (a: PortSet, b: PortSet): PortSet => {
  if (a === ALL_PORTS) return b;
  if (b === ALL_PORTS) return a;
  return perProtocol((protocol) => intersectRanges(a[protocol], b[protocol]), a.other && b.other);
};

/** The ranges between the given ones, which are in order and apart from each other. */
const gapsOf = (ranges: readonly PortRange[]): readonly PortRange[] => {
  const starts = [1, ...ranges.map(({ to }) => to + 1)];
  const ends = [...ranges.map(({ from }) => from - 1), MAX_PORT];
  return starts.map((from, at) => ({ from, to: ends[at] ?? MAX_PORT })).filter(({ from, to }) => from <= to);
};

/** Returns the ports of `a` that are not in `b`. */
export const subtractPorts = (a: PortSet, b: PortSet): PortSet => {
  if (a === b || b === ALL_PORTS) return NO_PORTS;
  return perProtocol((protocol) => intersectRanges(a[protocol], gapsOf(b[protocol])), a.other && !b.other);
};

export const isEmpty = (set: PortSet): boolean =>
  !set.other && PROTOCOLS.every((protocol) => set[protocol].length === 0);

const isEvery = ([first]: readonly PortRange[]): boolean => first?.from === 1 && first.to === MAX_PORT;

export const isAll = (set: PortSet): boolean => set.other && PROTOCOLS.every((protocol) => isEvery(set[protocol]));

/** Returns text such as `80,443,8000-8010`. */
export const describeRanges = (ranges: readonly PortRange[]): string =>
  ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(',');

/** Returns `all`, `none`, or text such as `TCP 80,443 UDP 53`; a protocol with every port stands alone: `UDP`. */
export const describePorts = (set: PortSet): string => {
  if (isAll(set)) return 'all';
  const named = PROTOCOLS.filter((protocol) => set[protocol].length > 0).map((protocol) =>
    isEvery(set[protocol]) ? protocol : `${protocol} ${describeRanges(set[protocol])}`,
  );
  return [...named, ...(set.other ? ['other protocols'] : [])].join(' ') || 'none';
};
