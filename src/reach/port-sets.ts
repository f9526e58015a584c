import { PROTOCOLS } from '../model/protocol.ts';
import { ALL_PORTS, describeRanges, intersectPorts, NO_PORTS, type PortSet, unitePorts } from '../trace/port-set.ts';

/** A number that stands for a set of ports; equal sets have equal numbers. */
export type PortsId = number;

/** No port. */
export const NONE: PortsId = 0;
/** Every port of every protocol. */
export const ALL: PortsId = 1;

/**
 * Sets of ports by number. Policies cut the ports in few ways, so that a matrix of verdicts is a matrix of small numbers, and
 * each pair of sets is intersected or united once.
 */
export interface PortSets {
  idOf(ports: PortSet): PortsId;
  get(id: PortsId): PortSet;
  intersect(a: PortsId, b: PortsId): PortsId;
  unite(a: PortsId, b: PortsId): PortsId;
}

const textOf = (ports: PortSet): string =>
  [...PROTOCOLS.map((protocol) => describeRanges(ports[protocol])), ports.other].join(' ');

/** More sets than this never occur: the two numbers of a pair fit into one. */
const MOST_SETS = 2 ** 26;

const remember = (work: (a: PortsId, b: PortsId) => PortsId): ((a: PortsId, b: PortsId) => PortsId) => {
  const known = new Map<number, PortsId>();
  return (a, b) => {
    const key = a < b ? a * MOST_SETS + b : b * MOST_SETS + a;
    const before = known.get(key);
    if (before !== undefined) return before;
    const now = work(a, b);
    known.set(key, now);
    return now;
  };
};

export const createPortSets = (): PortSets => {
  const sets: PortSet[] = [NO_PORTS, ALL_PORTS];
  const ids = new Map<string, PortsId>(sets.map((ports, id) => [textOf(ports), id]));
  const get = (id: PortsId): PortSet => sets[id] ?? NO_PORTS;
  const idOf = (ports: PortSet): PortsId => {
    const text = textOf(ports);
    const known = ids.get(text);
    if (known !== undefined) return known;
    ids.set(text, sets.length);
    return sets.push(ports) - 1;
  };
  const intersect = remember((a, b) => idOf(intersectPorts(get(a), get(b))));
  const unite = remember((a, b) => idOf(unitePorts([get(a), get(b)])));
  return {
    idOf,
    get,
    intersect(a, b) {
      if (a === b || b === ALL) return a;
      if (a === ALL) return b;
      return a === NONE || b === NONE ? NONE : intersect(a, b);
    },
    unite(a, b) {
      if (a === b || b === NONE) return a;
      if (a === NONE) return b;
      return a === ALL || b === ALL ? ALL : unite(a, b);
    },
  };
};
