import type { FlowsDocument } from './flows-document.ts';
import { type Group, groupName } from './groups.ts';
import { describeParty, type Evidence, type SeenEdge } from './seen-edges.ts';

/** An edge with how it was seen. */
export interface SeenLine extends Evidence {
  /** `shop/web → shop/db TCP 5432` */
  readonly text: string;
}

/** How much the records say about the cluster. Times are ISO 8601. */
export interface Coverage {
  readonly from: string;
  readonly to: string;
  readonly nodes: FlowsDocument['nodes'];
  readonly unanswered: FlowsDocument['unanswered'];
  readonly edges: number;
  /** Workloads without any edge, and how many pods they have. */
  readonly silent: readonly { readonly workload: string; readonly pods: number }[];
  /** Workloads that never opened a connection, or to which none was opened. */
  readonly neverOpened: readonly string[];
  readonly neverAsked: readonly string[];
  /** Edges that were met for the first time in the last tenth of the time: there may be more to come. */
  readonly fresh: readonly SeenLine[];
}

/** A period of time, in ms since the epoch. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** Returns the time that the records cover: until `to`, or until the last record. */
export const periodOf = ({ flows, nodes }: FlowsDocument, to: number | undefined): Period => {
  const begins = [...nodes, ...(nodes.length === 0 ? flows : [])].map(({ since }) => Date.parse(since));
  const end = to ?? flows.reduce((last, { at }) => Math.max(last, Date.parse(at)), 0);
  return { from: begins.reduce((first, each) => Math.min(first, each), end), to: end };
};

/** Tells an edge that was met for the first time in the last tenth of the time. */
export const freshIn = ({ from, to }: Period): ((edge: SeenEdge) => boolean) => {
  const late = to - (to - from) / 10;
  return ({ evidence }) => to > from && Date.parse(evidence.first) >= late;
};

/** Returns an edge in words. */
export const describeEdge = ({ source, destination, protocol, port }: SeenEdge): string =>
  `${describeParty(source)} → ${describeParty(destination)} ${protocol} ${port}`;

/** @param groups the workloads to suggest policies for */
export const coverageOf = (
  document: FlowsDocument,
  groups: readonly Group[],
  edges: readonly SeenEdge[],
  period: Period,
): Coverage => {
  const sources = new Set(edges.flatMap(({ source }) => (source.kind === 'group' ? [source.group] : [])));
  const destinations = new Set(
    edges.flatMap(({ destination }) => (destination.kind === 'group' ? [destination.group] : [])),
  );
  const seen = groups.filter((group) => sources.has(group) || destinations.has(group));
  const isFresh = freshIn(period);
  return {
    from: new Date(period.from).toISOString(),
    to: new Date(period.to).toISOString(),
    nodes: document.nodes,
    unanswered: document.unanswered,
    edges: edges.length,
    silent: groups
      .filter((group) => !seen.includes(group))
      .map((group) => ({ workload: groupName(group), pods: group.pods.length })),
    neverOpened: seen.filter((group) => !sources.has(group)).map(groupName),
    neverAsked: seen.filter((group) => !destinations.has(group)).map(groupName),
    fresh: edges.filter(isFresh).map((edge) => ({ text: describeEdge(edge), ...edge.evidence })),
  };
};

/** Reports whether the records cover so little that policies made of them will cut what was not seen. */
export const isShort = ({ from, to }: Coverage): boolean => Date.parse(to) - Date.parse(from) < 86_400_000;
