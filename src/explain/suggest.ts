import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import type { Protocol } from '../model/protocol.ts';
import type { Packet } from '../trace/packet.ts';
import type { Trace } from '../trace/trace.ts';
import { addTo, type Change, policyManifest } from './change.ts';
import { type ChangeFacts, changesOf } from './changes.ts';
import { type Ends, findEnds } from './ends.ts';
import { type EndPair, measure, newlyOpen, type Pair } from './pairs.ts';
import { scopeOfLabels, scopeOfRule } from './scope.ts';
import type { ClusterEdit, WhatIf } from './what-if.ts';

/** A change that opens a refused connection, and what else it does. Plain data, as it is printed. */
export interface Suggestion {
  /** One edit each; two where both ends refuse. */
  readonly changes: readonly { readonly kind: Change['kind']; readonly text: string }[];
  /** The pairs that the change opens, the connection itself among them. */
  readonly opens: readonly Pair[];
  /** False if only some of very many ends were checked, since a smaller change was found already: it opens at least that. */
  readonly isCounted: boolean;
  /** The pairs that the change closes. */
  readonly closes: readonly Pair[];
  /** Workloads that no policy isolated at all and that a new policy isolates. */
  readonly isolates: readonly string[];
  /** The manifests to review: whole policies, or the part of a pod that changes. */
  readonly manifests: readonly object[];
}

/** A change or two, what they make of the cluster, and which ends that concerns. */
interface Candidate {
  readonly changes: readonly Change[];
  readonly edit: ClusterEdit;
  readonly scope: readonly EndPair[];
}

/** If both ends refuse, up to this many changes of each are combined. */
const MOST_PER_SIDE = 2;

/** Of changes that open as much, the one that touches less comes first. */
const KINDS: readonly Change['kind'][] = ['port', 'peer', 'rule', 'policy', 'label'];

type Facts = SuggestFacts & { readonly ends: Ends };

const relabelled = (pods: readonly PodEndpoint[], labels: PodEndpoint['labels']): readonly PodEndpoint[] =>
  pods.map((pod) => ({ ...pod, labels }));

/** Puts the change on top of an edit; undefined where it cannot be counted. */
const extend = ({ changes, edit, scope }: Candidate, change: Change, facts: Facts): Candidate | undefined => {
  const { reading } = facts;
  if (change.kind === 'label') {
    const further = scopeOfLabels(change, facts);
    if (further === undefined) return undefined;
    const pods = [...edit.pods, ...relabelled(change.pods, change.labels)];
    return { changes: [...changes, change], edit: { ...edit, pods }, scope: [...scope, ...further] };
  }
  const { direction } = change;
  const put = (policy: PolicyObject, rule: number): Candidate => ({
    changes: [...changes, change],
    edit: { ...edit, policies: [...edit.policies.filter(({ key }) => key !== policy.key), policy] },
    scope: [...scope, ...scopeOfRule(policy, direction, rule, facts)],
  });
  if (change.kind === 'policy') return put(change.policy, 0);
  const before = edit.policies.find(({ key }) => key === change.policy) ?? reading.snapshot.policies.get(change.policy);
  if (before === undefined) return undefined;
  return put(addTo(before, direction, change.addition), change.addition.kind === 'rule' ? -1 : change.addition.rule);
};

const NOTHING: Candidate = { changes: [], edit: { policies: [], pods: [] }, scope: [] };

const candidatesOf = (trace: Trace, facts: Facts): readonly Candidate[] => {
  const { packet, egress, ingress } = trace;
  const sides = [egress, ingress].filter((side) => side.kind === 'denied');
  let candidates: readonly Candidate[] = [NOTHING];
  for (const side of sides) {
    const changes = changesOf(facts, side, packet);
    const alone = changes.flatMap((change) => {
      const candidate = extend(NOTHING, change, facts);
      return candidate === undefined ? [] : [{ change, size: candidate.scope.length }];
    });
    // Of two ends' changes the products are tried, of those changes that concern the fewest ends.
    const tried = sides.length === 1 ? alone : alone.toSorted((a, b) => a.size - b.size).slice(0, MOST_PER_SIDE);
    candidates = candidates.flatMap((candidate) =>
      tried.flatMap(({ change }) => extend(candidate, change, facts) ?? []),
    );
  }
  return candidates;
};

const namespacesOf = (scope: readonly EndPair[]): ReadonlySet<string> =>
  new Set(scope.flatMap((ends) => ends.flatMap(({ pod }) => pod?.namespace ?? [])));

/** Returns each pair once, however many changes concern it. */
const distinct = (scope: readonly EndPair[]): readonly EndPair[] => {
  const seen = new Map<EndPair[0], Set<EndPair[1]>>();
  return scope.filter(([from, to]) => {
    const targets = seen.get(from) ?? new Set();
    seen.set(from, targets);
    return !targets.has(to) && targets.add(to);
  });
};

const newlyIsolated = ({ changes }: Candidate, facts: Facts): readonly string[] => {
  const names = changes.flatMap((change) => {
    if (change.kind !== 'policy') return [];
    const { direction } = change;
    const scope = scopeOfRule(change.policy, direction, 0, facts);
    const subjects = new Set(scope.map(([from, to]) => (direction === 'ingress' ? to : from)));
    return [...subjects].filter(({ ips }) => ips.some((ip) => facts.index.isolationsAt(direction, ip).length === 0));
  });
  return [...new Set(names.map(({ name }) => name))];
};

const podManifest = (change: Change): readonly object[] => {
  if (change.kind !== 'label') return [];
  return change.pods.slice(0, 1).map(({ namespace, name }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: change.difference },
  }));
};

/** Each policy once, also where it is changed for both ends. */
const manifestsOf = ({ changes, edit }: Candidate): readonly object[] => [
  ...edit.policies.map(policyManifest),
  ...changes.flatMap(podManifest),
];

const order = ({ changes, opens, closes, isolates }: Suggestion): readonly number[] => [
  closes.length + isolates.length,
  opens.length,
  changes.reduce((sum, { kind }) => sum + KINDS.indexOf(kind), 0),
];

const compare = (a: Suggestion, b: Suggestion): number => {
  const [left, right] = [order(a), order(b)];
  const at = left.findIndex((value, index) => value !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
};

type AskedPacket = Packet & { readonly protocol: Protocol };

/** The facts that suggestions are worked out from, besides the refusal. */
export interface SuggestFacts extends ChangeFacts {
  readonly whatIf: WhatIf;
}

/** Returns the pairs that open and close between the ends of a scope; undefined if the connection itself stays closed. */
const compareStates = (
  { edit }: Candidate,
  scope: readonly EndPair[],
  packet: AskedPacket,
  { whatIf }: Facts,
): Pick<Suggestion, 'opens' | 'closes'> | undefined => {
  whatIf.load(namespacesOf(scope));
  const before = measure(whatIf.evaluator, scope);
  const after = whatIf.with(edit, (evaluator) =>
    evaluator.trace(packet).verdict === 'deny' ? undefined : measure(evaluator, scope),
  );
  if (after === undefined) return undefined;
  return {
    opens: newlyOpen(scope, before, after, packet),
    closes: newlyOpen(scope, after, before, packet),
  };
};

/** If a change concerns more pairs of ends than this, some of them are checked first, or only these. */
const MANY = 2_000;
const SOME = 400;

/** Some of the pairs of a scope, the connection's own first; those that cost next to nothing. */
const someOf = ({ scope }: Candidate, own: EndPair, { whatIf }: Facts): readonly EndPair[] => {
  const isAtHand = ({ pod }: EndPair[0]): boolean => pod === undefined || whatIf.isLoaded(pod.namespace);
  return [own, ...scope.filter(([from, to]) => isAtHand(from) && isAtHand(to)).slice(0, SOME)];
};

/** Tries a candidate between the ends of a scope, some of its own or all; undefined where it does not open the connection. */
const tryCandidate = (
  candidate: Candidate,
  scope: readonly EndPair[],
  packet: AskedPacket,
  facts: Facts,
): Suggestion | undefined => {
  const compared = compareStates(candidate, distinct(scope), packet, facts);
  if (compared === undefined) return undefined;
  return {
    changes: candidate.changes.map(({ kind, text }) => ({ kind, text })),
    ...compared,
    isCounted: scope === candidate.scope,
    isolates: newlyIsolated(candidate, facts),
    manifests: manifestsOf(candidate),
  };
};

/** Nothing opens less than the connection alone. */
const isLeast = ({ opens, closes, isolates }: Suggestion): boolean =>
  opens.length <= 1 && closes.length === 0 && isolates.length === 0;

/** Not everything that opens a connection is worth reading. */
const MOST_SUGGESTIONS = 5;

/**
 * Finds changes that open a refused connection, the one that opens the fewest pairs first. Each was tried: it opens the
 * connection, and the pairs are those that the evaluator finds open after it and not before, over the whole cluster.
 */
export const suggestChanges = (trace: Trace, given: SuggestFacts): readonly Suggestion[] => {
  const { source, destination, protocol, port } = trace.packet;
  if (protocol === 'other' || trace.verdict === 'allow') return [];
  const packet: AskedPacket = { source, destination, protocol, port };
  const ends = findEnds(given.reading, given.workloadOf, [source, destination]);
  const facts: Facts = { ...given, ends };
  const own = ownPair(ends, given, packet);
  let found: readonly Suggestion[] = [];
  for (const candidate of candidatesOf(trace, facts).toSorted((a, b) => a.scope.length - b.scope.length)) {
    const last = found[MOST_SUGGESTIONS - 1];
    const hasLeast = found.some(isLeast);
    // Those that are left concern more ends, and cannot open less.
    if (last !== undefined && hasLeast) break;
    const some = candidate.scope.length > MANY && own !== undefined ? someOf(candidate, own, facts) : candidate.scope;
    const looked = tryCandidate(candidate, some, packet, facts);
    // What opens more than the fifth best already is not among the five, however much more it opens.
    if (looked === undefined || (last !== undefined && looked.opens.length > last.opens.length)) continue;
    const suggestion = looked.isCounted || hasLeast ? looked : tryCandidate(candidate, candidate.scope, packet, facts);
    if (suggestion !== undefined) found = [...found, suggestion].toSorted(compare).slice(0, MOST_SUGGESTIONS);
  }
  return found;
};

const ownPair = (ends: Ends, { index }: ChangeFacts, { source, destination }: Packet): EndPair | undefined => {
  const [from, to] = [source, destination].map((address) => {
    const pod = index.ownerAt(address);
    return pod === undefined ? ends.asked.find(({ ips }) => ips.includes(address)) : ends.of([pod])[0];
  });
  return from === undefined || to === undefined ? undefined : [from, to];
};
