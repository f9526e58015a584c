import type { PodEndpoint } from '../model/pod.ts';
import { familyOf, parseAddress } from '../policy/cidr.ts';
import type { ClusterReach } from '../reach/cluster-reach.ts';
import type { OutsideClass } from '../reach/outside-classes.ts';
import { NONE, type PortsId } from '../reach/port-sets.ts';
import type { Row } from '../reach/workloads.ts';
import { describePorts } from '../trace/port-set.ts';
import type { OutsideFact } from './entries.ts';
import { kindOfRange, OUTSIDE_NAMES, outsideId } from './outside-nodes.ts';
import { type EdgeCollector, portToAsk } from './edges.ts';
import type { SeenPairs } from './seen-edges.ts';

/** Addresses that stand for a node outside. */
export interface OutsideSample {
  readonly addresses: readonly string[];
}

interface OutsideInput {
  readonly reach: ClusterReach;
  readonly rows: readonly Row[];
  readonly outside: readonly OutsideFact[];
  readonly seen: SeenPairs;
  readonly declaredOf: ReadonlyMap<Row, PodEndpoint['ports']>;
  readonly ports: (source: number, destination: number) => PortsId | undefined;
}

/** The nodes outside that a class of addresses belongs to, with an address of each. */
const nodesOf = ({ ranges, sample }: OutsideClass, machines: readonly OutsideFact[]): ReadonlyMap<string, string> => {
  const nodes = new Map(ranges.map((range) => [outsideId(OUTSIDE_NAMES[kindOfRange(range)]), sample] as const));
  for (const { name, ips } of machines) {
    const own = ips.find((ip) => {
      const parsed = parseAddress(ip);
      return ranges.some(
        ({ family, from, to }) => parsed?.family === family && parsed.base >= from && parsed.base <= to,
      );
    });
    if (own !== undefined) nodes.set(outsideId(name), own);
  }
  return nodes;
};

/** Adds what rules allow to and from the outside. @returns the addresses that stand for each node */
export const addOutside = (
  { reach, rows, outside, seen, declaredOf, ports }: OutsideInput,
  collector: EdgeCollector,
): ReadonlyMap<string, OutsideSample> => {
  const { classes, families, portSets } = reach;
  const samples = new Map<string, OutsideSample>(outside.map(({ name, ips }) => [outsideId(name), { addresses: ips }]));
  const added = new Set<string>();

  const add = (row: Row, end: number, each: OutsideClass, isSource: boolean): void => {
    const [source, destination] = isSource ? [end, row.podClass] : [row.podClass, end];
    const id = families.some((family) => family.isRuled(source, destination)) ? ports(source, destination) : undefined;
    if (id === undefined || id === NONE) return;
    const pod = row.pods.flatMap(({ ips }) => ips).find((ip) => familyOf(ip) === each.family);
    if (pod === undefined) return;
    for (const [node, address] of nodesOf(each, outside)) {
      const pair = isSource ? `${node}|${row.name}` : `${row.name}|${node}`;
      if (seen.allowed.has(pair) || added.has(pair)) continue;
      added.add(pair);
      if (!samples.has(node)) samples.set(node, { addresses: [address] });
      const open = portSets.get(id);
      collector.add({
        id: `unused|${pair}`,
        from: isSource ? node : row.name,
        to: isSource ? row.name : node,
        state: 'unused',
        ports: describePorts(open),
        question: {
          source: isSource ? address : pod,
          destination: isSource ? pod : address,
          ...portToAsk(open, isSource ? (declaredOf.get(row) ?? []) : []),
        },
        count: 0,
        first: 0,
        last: 0,
      });
    }
  };

  for (const family of families) {
    for (const row of rows) {
      family.outsideSources.forEach((each, at) => add(row, classes.length + at, each, true));
      family.outsideDestinations.forEach((each, at) => add(row, classes.length + at, each, false));
    }
  }
  return samples;
};
