import type { PolicyObject } from '../model/policy-object.ts';
import type { PortSets, PortsId } from '../reach/port-sets.ts';
import { describePorts, subtractPorts, isEmpty } from '../trace/port-set.ts';
import type { PageCluster } from './cluster.ts';
import type { SeenFact } from './entries.ts';
import { type DrawnPicture, drawPicture } from './picture.ts';

/** A pair of workloads whose connections a change opens or closes. */
export interface PairChange {
  readonly from: string;
  readonly to: string;
  /** `TCP 80`; '' where nothing opens (closes). */
  readonly opens: string;
  readonly closes: string;
}

/** The effect of policies that somebody edits, before anything is applied. */
export interface EditEffect {
  readonly pairs: readonly PairChange[];
  /** Connections that were seen allowed and would be refused, with how often they were seen. */
  readonly cut: readonly {
    readonly from: string;
    readonly to: string;
    readonly ports: string;
    readonly count: number;
  }[];
}

/** Returns the cluster with policies set. */
export const withPolicies = (cluster: PageCluster, policies: readonly PolicyObject[]): PageCluster => ({
  ...cluster,
  snapshot: {
    ...cluster.snapshot,
    policies: new Map([...cluster.snapshot.policies, ...policies.map((policy) => [policy.key, policy] as const)]),
  },
});

type Table = ReadonlyMap<string, PortsId>;

/** Ports by pair of nodes, the pairs of pods that the matrix has no row for excepted. */
const tableOf = ({ picture: { matrix } }: DrawnPicture): Table => {
  const table = new Map<string, PortsId>();
  matrix.ids.forEach((from, row) => {
    matrix.ids.forEach((to, column) => {
      const id = matrix.cells[row * matrix.ids.length + column] ?? -1;
      if (id >= 0) table.set(`${from}|${to}`, id);
    });
  });
  return table;
};

/**
 * Compares what workloads reach in two states whose ports have the same numbers, see drawPicture; those that only one of them has as
 * a row of its own are left out.
 */
const compareTables = (portSets: PortSets, was: Table, is: Table): readonly PairChange[] => {
  const pairs: PairChange[] = [];
  for (const [pair, id] of is) {
    const old = was.get(pair);
    if (old === undefined || old === id) continue;
    const opened = subtractPorts(portSets.get(id), portSets.get(old));
    const closed = subtractPorts(portSets.get(old), portSets.get(id));
    const [from = '', to = ''] = pair.split('|');
    pairs.push({
      from,
      to,
      opens: isEmpty(opened) ? '' : describePorts(opened),
      closes: isEmpty(closed) ? '' : describePorts(closed),
    });
  }
  return pairs;
};

/** Returns what the policies of a cluster open and close, compared with its base. */
export const compareBase = (after: DrawnPicture, cluster: PageCluster): readonly PairChange[] => {
  const { portSets } = after.reach;
  const before = drawPicture({ ...cluster, snapshot: { ...cluster.snapshot, policies: cluster.base } }, portSets);
  return compareTables(portSets, tableOf(before), tableOf(after));
};

/** Compares what workloads reach before and after a change; those that the change splits into several rows are left out. */
export const compareEdit = (
  before: DrawnPicture,
  cluster: PageCluster,
  policies: readonly PolicyObject[],
): EditEffect => {
  const { portSets } = before.reach;
  const after = drawPicture(withPolicies(cluster, policies), portSets);
  const [was, is] = [tableOf(before), tableOf(after)];
  const pairs = compareTables(portSets, was, is);
  const changed = new Map(pairs.map((pair) => [`${pair.from}|${pair.to}`, pair] as const));
  const cut = before.picture.edges
    .filter(({ state }) => state === 'allowed')
    .flatMap(({ from, to, ports, count, question: { protocol, port } }) => {
      const id = changed.has(`${from}|${to}`) ? is.get(`${from}|${to}`) : undefined;
      if (id === undefined) return [];
      const stays = portSets.get(id)[protocol].some((range) => port >= range.from && port <= range.to);
      return stays ? [] : [{ from, to, ports, count }];
    });
  return { pairs, cut };
};

/** Returns how often each state was seen, in equal parts of a time. */
export const countsOver = (
  seen: readonly Pick<SeenFact, 'last' | 'count' | 'verdict'>[],
  from: number,
  to: number,
  parts: number,
): readonly number[] => {
  const counts = new Array<number>(parts).fill(0);
  for (const { last, verdict } of seen) {
    if (verdict !== 'refused' || last < from || last > to) continue;
    const at = Math.min(parts - 1, Math.floor(((last - from) / Math.max(1, to - from)) * parts));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
};
