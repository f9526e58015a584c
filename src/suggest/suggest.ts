import { nameServersIn, USUAL_DNS } from '../check/rules/dns-place.ts';
import { toCheckedCluster } from '../check/subject.ts';
import { type Direction, PEER_FIELD } from '../model/direction.ts';
import { NAME_LABEL } from '../model/namespace.ts';
import { type PolicyObject, policyKey } from '../model/policy-object.ts';
import type { Protocol } from '../model/protocol.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import { byText } from '../policy/text-order.ts';
import { type WrittenPeer, writtenSelector } from '../policy/written-selector.ts';
import type { WorkloadOf } from '../reach/workloads.ts';
import { hasPublicPods, joinInternet, peerOfAddress, type WrittenBlock } from './addresses.ts';
import { withoutClientPorts } from './client-ports.ts';
import { type Coverage, coverageOf, describeEdge, freshIn, periodOf, type SeenLine } from './coverage.ts';
import type { FlowsDocument } from './flows-document.ts';
import { findGroups, type Group, groupName, type Groups } from './groups.ts';
import { type SecondLook, secondLooks } from './second-look.ts';
import { findEdges, type LeftOut, type Party, type SeenEdge } from './seen-edges.ts';

type WrittenAny = WrittenPeer | WrittenBlock;

interface WrittenPort {
  readonly protocol: Protocol;
  readonly port: number;
}

/** A rule of a suggested policy, and what it was made of. */
export interface SuggestedRule {
  readonly direction: Direction;
  readonly peer: WrittenAny;
  readonly ports: readonly WrittenPort[];
  /** The edges that the rule is for. Empty for the DNS rule of a workload that was not seen asking. */
  readonly evidence: readonly SeenLine[];
  /** What there is to say besides. */
  readonly remarks: readonly string[];
}

/** A policy for one workload. */
export interface SuggestedPolicy {
  /** `shop/web` */
  readonly workload: string;
  readonly pods: number;
  readonly policy: PolicyObject;
  /** In the order of the policy: ingress, then egress. */
  readonly rules: readonly SuggestedRule[];
}

/** Policies that allow what was seen and no more, and how far to trust them. */
export interface Suggestions {
  readonly policies: readonly SuggestedPolicy[];
  readonly coverage: Coverage;
  readonly secondLooks: readonly SecondLook[];
  readonly leftOut: readonly LeftOut[];
}

export interface SuggestOptions {
  readonly workloadOf: WorkloadOf;
  /** The namespaces to suggest policies for; all but those of the system if absent. */
  readonly namespaces?: readonly string[];
  /** When the watching ended, ms since the epoch; with the last record if absent. */
  readonly until?: number;
}

/** Namespaces of the cluster itself: a policy there can stop the cluster, and is not suggested unasked. */
const SYSTEM: readonly string[] = ['kube-node-lease', 'kube-public', 'kube-system'];
const DNS_PORTS: readonly number[] = [53, 5353];

/** The name servers of the cluster as a peer. */
const dnsPeers = (snapshot: ClusterSnapshot, groups: Groups, home: string): readonly WrittenPeer[] => {
  const servers = new Set(nameServersIn(toCheckedCluster({ ...snapshot, policies: new Map() })));
  const found = groups.all.filter(({ pods }) => pods.some((pod) => servers.has(pod)));
  if (found.length > 0) return found.map((group) => groups.peer(group, home));
  return [
    {
      namespaceSelector: writtenSelector([[NAME_LABEL, USUAL_DNS.namespace]]),
      podSelector: writtenSelector([...USUAL_DNS.labels]),
    },
  ];
};

const keyOf = (value: object): string => JSON.stringify(value);

interface RuleDraft {
  readonly peer: WrittenAny;
  readonly ports: Map<string, WrittenPort>;
  readonly evidence: SeenLine[];
}

/** The rules of one direction of a workload, while edges are added; a rule for each peer. */
const createDrafts = () => {
  const drafts = new Map<string, RuleDraft>();
  return {
    add(peer: WrittenAny, port: WrittenPort, evidence: SeenLine): void {
      const draft: RuleDraft = drafts.get(keyOf(peer)) ?? { peer, ports: new Map(), evidence: [] };
      drafts.set(keyOf(peer), draft);
      draft.ports.set(`${port.protocol} ${port.port}`, port);
      draft.evidence.push(evidence);
    },
    rules(direction: Direction): readonly SuggestedRule[] {
      return [...drafts.values()]
        .map(({ peer, ports, evidence }) => ({
          direction,
          peer,
          ports: [...ports.values()].sort((a, b) => a.port - b.port || byText(a.protocol, b.protocol)),
          evidence: evidence.sort((a, b) => byText(a.text, b.text)),
          remarks: [],
        }))
        .sort((a, b) => byText(keyOf(a.peer), keyOf(b.peer)));
    },
  };
};

const farOf = (edge: SeenEdge, direction: Direction): Party =>
  direction === 'ingress' ? edge.source : edge.destination;

/** @returns the rules, and the edges that no rule could be made of */
const rulesOf = (
  group: Group,
  direction: Direction,
  edges: readonly SeenEdge[],
  groups: Groups,
): { readonly rules: readonly SuggestedRule[]; readonly unwritten: readonly SeenEdge[] } => {
  const drafts = createDrafts();
  const unwritten: SeenEdge[] = [];
  for (const edge of edges) {
    const far = farOf(edge, direction);
    const { protocol, port, evidence } = edge;
    const peer = far.kind === 'group' ? groups.peer(far.group, group.namespace) : peerOfAddress(far);
    if (peer === undefined) unwritten.push(edge);
    else drafts.add(peer, { protocol, port }, { text: describeEdge(edge), ...evidence });
  }
  return { rules: drafts.rules(direction), unwritten };
};

/** Makes each rule for DNS one for both protocols; adds one where none is there. */
const withDns = (rules: readonly SuggestedRule[], peers: readonly WrittenPeer[]): readonly SuggestedRule[] => {
  const isDns = ({ peer }: SuggestedRule): boolean => peers.some((each) => keyOf(each) === keyOf(peer));
  const asks = ({ ports }: SuggestedRule): readonly number[] =>
    ports.map(({ port }) => port).filter((port) => DNS_PORTS.includes(port));
  const bothOf = (numbers: readonly number[]): readonly WrittenPort[] =>
    [...new Set(numbers)].flatMap((port) => [
      { protocol: 'UDP', port },
      { protocol: 'TCP', port },
    ]);
  const remark = 'DNS: an answer that is too long for UDP comes over TCP';
  const widened = rules.map((rule): SuggestedRule => {
    const numbers = isDns(rule) ? asks(rule) : [];
    if (numbers.length === 0) return rule;
    const others = rule.ports.filter(({ port }) => !numbers.includes(port));
    return { ...rule, ports: [...bothOf(numbers), ...others], remarks: [...rule.remarks, remark] };
  });
  if (widened.some((rule) => isDns(rule) && asks(rule).length > 0)) return widened;
  const unseen = 'DNS: was not seen, and hardly a program does without';
  const [first] = peers;
  if (first === undefined) return widened;
  const known = widened.find(isDns);
  const made: SuggestedRule = {
    direction: 'egress',
    peer: first,
    ports: bothOf([53]),
    evidence: [],
    remarks: [unseen],
  };
  if (known === undefined) return [...widened, made];
  return widened.map((rule) =>
    rule === known ? { ...rule, ports: [...made.ports, ...rule.ports], remarks: [...rule.remarks, unseen] } : rule,
  );
};

const toWritten = ({ direction, peer, ports }: SuggestedRule): object => ({
  [PEER_FIELD[direction]]: [peer],
  ports,
});

/** `metadata.name` has up to 253 characters (RFC 1123 subdomain). */
const LONGEST_NAME = 253;

const nameOf = ({ workloads, namespace }: Group, snapshot: ClusterSnapshot, taken: Set<string>): string => {
  const base = `suggested-${workloads[0]?.name ?? ''}`.slice(0, LONGEST_NAME - 4).replace(/[-.]+$/, '');
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    const key = policyKey(namespace, name);
    if (taken.has(key) || snapshot.policies.has(key)) continue;
    taken.add(key);
    return name;
  }
};

/**
 * Makes policies that allow what the records show, each for one workload, both directions isolated. Nothing is suggested for a
 * workload of which nothing was seen.
 */
export const suggestPolicies = (
  snapshot: ClusterSnapshot,
  document: FlowsDocument,
  { workloadOf, namespaces, until }: SuggestOptions,
): Suggestions => {
  const groups = findGroups(snapshot, workloadOf);
  const period = periodOf(document, until);
  const found = findEdges(document.flows, groups, snapshot);
  const joined = joinInternet(found.edges, freshIn(period), hasPublicPods(snapshot.pods.values()));
  const { edges, leftOut } = withoutClientPorts(joined);
  const isAsked = (namespace: string): boolean =>
    namespaces === undefined ? !SYSTEM.includes(namespace) : namespaces.includes(namespace);
  const asked = groups.all.filter(({ namespace }) => isAsked(namespace));
  const isOfAsked = (party: Party): boolean => party.kind === 'group' && isAsked(party.group.namespace);
  const relevant = edges.filter(({ source, destination }) => isOfAsked(source) || isOfAsked(destination));
  const bySource = Map.groupBy(relevant, ({ source }) => (source.kind === 'group' ? source.group : undefined));
  const byDestination = Map.groupBy(relevant, ({ destination }) =>
    destination.kind === 'group' ? destination.group : undefined,
  );
  const taken = new Set<string>();
  const unwritten: SeenEdge[] = [];
  const policies = asked.flatMap((group): readonly SuggestedPolicy[] => {
    const [incoming, outgoing] = [byDestination.get(group) ?? [], bySource.get(group) ?? []];
    if (incoming.length === 0 && outgoing.length === 0) return [];
    const ingress = rulesOf(group, 'ingress', incoming, groups);
    const egress = rulesOf(group, 'egress', outgoing, groups);
    unwritten.push(...ingress.unwritten, ...egress.unwritten);
    const out = withDns(egress.rules, dnsPeers(snapshot, groups, group.namespace));
    const name = nameOf(group, snapshot, taken);
    const spec = {
      podSelector: group.selector,
      policyTypes: ['Ingress', 'Egress'],
      ingress: ingress.rules.map(toWritten),
      egress: out.map(toWritten),
    };
    const policy = { key: policyKey(group.namespace, name), namespace: group.namespace, name, spec };
    return [{ workload: groupName(group), pods: group.pods.length, policy, rules: [...ingress.rules, ...out] }];
  });
  const notWritten = [...new Set(unwritten)].map(
    (edge): LeftOut => ({
      text: describeEdge(edge),
      why: 'the records do not tell which address it was',
      evidence: edge.evidence,
    }),
  );
  return {
    policies,
    coverage: coverageOf(document, asked, relevant, period),
    secondLooks: secondLooks(relevant),
    leftOut: [...found.leftOut, ...leftOut, ...notWritten],
  };
};
