import type { IpFamily } from '../model/family.ts';
import { PROTOCOLS, type Protocol } from '../model/protocol.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import { describeEnd, type End } from '../records/end.ts';
import { describeService, type StoredFlow } from '../records/record.ts';
import { type Group, groupName, type Groups } from './groups.ts';

/** What was seen of an edge. Times are ISO 8601. */
export interface Evidence {
  /** How often it was met, on the node that met it most. */
  readonly count: number;
  readonly first: string;
  readonly last: string;
}

/** An address that belongs to no pod. */
export interface FarAddress {
  readonly kind: 'address';
  readonly class: 'node' | 'metadata' | 'link' | 'private' | 'internet';
  /** Canonical text; empty where the records do not tell addresses apart any more, or where it stands for the whole internet. */
  readonly address: string;
  /** Of the whole internet. */
  readonly whole?: IpFamily;
  readonly text: string;
}

/** One end of an edge as a policy can name it. */
export type Party = { readonly kind: 'group'; readonly group: Group } | FarAddress;

/** An allowed edge that rules are made of. */
export interface SeenEdge {
  readonly source: Party;
  readonly destination: Party;
  readonly protocol: Protocol;
  readonly port: number;
  readonly evidence: Evidence;
  /** The destination's pods declare the port. */
  readonly isDeclared: boolean;
}

/** An edge that no rule is made of, and why. */
export interface LeftOut {
  /** `shop/web → shop/db TCP 41022` */
  readonly text: string;
  readonly why: string;
  readonly evidence: Evidence;
}

/** The edges of some records. */
export interface SeenEdges {
  readonly edges: readonly SeenEdge[];
  readonly leftOut: readonly LeftOut[];
}

/** Text that is equal for the same party. */
export const partyKey = (party: Party): string =>
  party.kind === 'group' ? groupName(party.group) : `${party.class} ${party.whole ?? party.address}`;

/** Returns a party in words. */
export const describeParty = (party: Party): string => (party.kind === 'group' ? groupName(party.group) : party.text);

const podKey = (namespace: string, name: string): string => `${namespace}/${name}`;

/** The cluster as the ends of records are looked up in it. */
interface Lookup {
  readonly groups: Groups;
  /** `namespace/name` of a pod to its node. */
  readonly nodeOf: ReadonlyMap<string, string>;
}

const partyOf = (end: End, { groups }: Lookup): Party | undefined => {
  switch (end.kind) {
    case 'pod': {
      const { namespace, name, workload } = end;
      const slash = workload?.indexOf('/') ?? -1;
      const kind = workload?.slice(0, slash);
      // A static pod is owned by its node.
      const isOwned = workload !== undefined && slash > 0 && kind !== 'Node';
      const named = isOwned ? { kind: kind ?? '', name: workload.slice(slash + 1) } : { kind: 'Pod', name };
      const group = groups.of(namespace, named) ?? groups.ofPodName(namespace, isOwned ? named.name : name);
      return group === undefined ? undefined : { kind: 'group', group };
    }
    case 'former': {
      const [namespace = '', name = ''] = end.pod.split('/');
      const group = groups.ofPodName(namespace, name);
      return group === undefined ? undefined : { kind: 'group', group };
    }
    case 'node':
      return { kind: 'address', class: 'node', address: end.address, text: `node ${end.name}` };
    case 'metadata':
    case 'link':
    case 'private':
    case 'internet':
      return { kind: 'address', class: end.kind, address: end.address, text: describeEnd(end, 0) };
  }
};

const isOwnNode = (pod: End, node: End, record: StoredFlow, { nodeOf }: Lookup): boolean =>
  pod.kind === 'pod' &&
  node.kind === 'node' &&
  (nodeOf.get(podKey(pod.namespace, pod.name)) ?? record.node) === node.name;

/** Multicast and broadcast addresses: no connection is opened to one host. */
const isOfMany = (address: string): boolean =>
  /^(?:22[4-9]|23\d|255)\./.test(address) || /^ff/i.test(address) || address.startsWith('0.');

const describeFlow = (flow: StoredFlow): string => {
  const at = Date.parse(flow.at);
  return `${describeEnd(flow.source, at)} → ${describeEnd(flow.destination, at)} ${describeService(flow)}`;
};

/** Returns why a policy can say nothing about the edge, from the record alone. */
const unfit = (flow: StoredFlow, source: Party | undefined, destination: Party | undefined, lookup: Lookup) => {
  if (flow.verdict === 'denied') return 'it was refused';
  if (!PROTOCOLS.some((protocol) => protocol === flow.protocol)) return 'policies name TCP, UDP and SCTP alone';
  if (flow.port === 0) return 'it has no port';
  if (source === undefined || destination === undefined) {
    return 'the cluster does not have that workload any more, so that its labels are not known';
  }
  if (source.kind === 'address' && destination.kind === 'address') return 'neither end is a pod that policies select';
  if (
    isOwnNode(flow.source, flow.destination, flow, lookup) ||
    isOwnNode(flow.destination, flow.source, flow, lookup)
  ) {
    return 'a pod and its own node always reach each other';
  }
  const far = [source, destination].find((party) => party.kind === 'address');
  if (far === undefined) return undefined;
  return far.class === 'link' && isOfMany(far.address) ? 'it goes to more than one host' : undefined;
};

/** Returns the later of two times. */
export const later = (one: string, other: string): string => (Date.parse(one) < Date.parse(other) ? other : one);
/** Returns the earlier of two times. */
export const earlier = (one: string, other: string): string => (Date.parse(one) < Date.parse(other) ? one : other);

/** A node's records of the same edge add up; of two nodes that met it the one counts that met it more. */
const evidenceOf = (flows: readonly StoredFlow[]): Evidence => {
  const counts = [...Map.groupBy(flows, ({ node }) => node).values()].map((ofNode) =>
    ofNode.reduce((sum, { count }) => sum + count, 0),
  );
  return {
    count: counts.reduce((most, each) => Math.max(most, each), 0),
    first: flows.map(({ since }) => since).reduce(earlier),
    last: flows.map(({ at }) => at).reduce(later),
  };
};

const isDeclaredBy = (party: Party, protocol: string, port: number): boolean =>
  party.kind === 'group' &&
  party.group.pods.some(({ ports }) => ports.some((each) => each.protocol === protocol && each.port === port));

/** Text that is equal for the same edge. */
export const seenKey = ({ source, destination, protocol, port }: Omit<SeenEdge, 'evidence'>): string =>
  `${partyKey(source)}|${partyKey(destination)}|${protocol}|${port}`;

/** Returns the edges that a policy can speak of: each once, whichever pods of the workloads it was, and on whichever nodes. */
export const findEdges = (flows: readonly StoredFlow[], groups: Groups, { pods }: ClusterSnapshot): SeenEdges => {
  const lookup: Lookup = {
    groups,
    nodeOf: new Map([...pods.values()].map(({ namespace, name, node }) => [podKey(namespace, name), node])),
  };
  const leftOut = new Map<string, { text: string; why: string; flows: StoredFlow[] }>();
  const fit = new Map<string, { edge: Omit<SeenEdge, 'evidence'>; flows: StoredFlow[] }>();
  for (const flow of flows) {
    const [source, destination] = [partyOf(flow.source, lookup), partyOf(flow.destination, lookup)];
    const why = unfit(flow, source, destination, lookup);
    const protocol = PROTOCOLS.find((known) => known === flow.protocol);
    if (why !== undefined || source === undefined || destination === undefined || protocol === undefined) {
      const text = describeFlow(flow);
      const known = leftOut.get(text) ?? { text, why: why ?? '', flows: [] };
      known.flows.push(flow);
      leftOut.set(text, known);
      continue;
    }
    const { port } = flow;
    const edge = { source, destination, protocol, port, isDeclared: isDeclaredBy(destination, protocol, port) };
    const known = fit.get(seenKey(edge)) ?? { edge, flows: [] };
    known.flows.push(flow);
    fit.set(seenKey(edge), known);
  }
  return {
    edges: [...fit.values()].map(({ edge, flows: seen }) => ({ ...edge, evidence: evidenceOf(seen) })),
    leftOut: [...leftOut.values()].map(({ text, why, flows: seen }) => ({ text, why, evidence: evidenceOf(seen) })),
  };
};
