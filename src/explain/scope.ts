import { DIRECTIONS, type Direction } from '../model/direction.ts';
import type { Labels } from '../model/labels.ts';
import type { PolicyObject } from '../model/policy-object.ts';
import { admitsAny } from '../policy/cidr.ts';
import type { ParsedPolicy, PeerSpec, RuleSpec } from '../policy/parsed.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import { selects } from '../policy/selector.ts';
import type { Change } from './change.ts';
import type { End, Ends } from './ends.ts';
import type { EndPair } from './pairs.ts';
import type { Reading } from './reading.ts';

/**
 * The facts that give the pairs of ends whose connections a change can concern. These may be more than change, and never
 * fewer; what does change is for the evaluator to say.
 */
interface ScopeFacts {
  readonly ends: Ends;
  readonly reading: Reading;
}

type PodsSpec = Extract<PeerSpec, { kind: 'pods' }>;

const namespaceMatches = ({ namespaceSelector }: PodsSpec, name: string, home: string, reading: Reading): boolean =>
  namespaceSelector === undefined ? name === home : selects(namespaceSelector, reading.namespaceLabels(name));

const labelsMatch = ({ podSelector }: PodsSpec, labels: Labels): boolean =>
  podSelector === undefined || selects(podSelector, labels);

const podsMeant = (peer: PodsSpec, home: string, { ends, reading }: ScopeFacts): readonly End[] => {
  const names = peer.namespaceSelector === undefined ? [home] : [...reading.snapshot.namespaces.keys()];
  return names
    .filter((name) => namespaceMatches(peer, name, home, reading))
    .flatMap(ends.inNamespace)
    .filter(({ pod }) => pod !== undefined && labelsMatch(peer, pod.labels));
};

const remotesOf = ({ peers }: RuleSpec, home: string, facts: ScopeFacts): readonly End[] => {
  const { ends } = facts;
  const all = () => [...ends.pods, ...ends.asked, ...ends.outside];
  if (peers === 'any') return all();
  const found = peers.flatMap((peer) =>
    peer.kind === 'pods' ? podsMeant(peer, home, facts) : all().filter(({ ips }) => admitsAny(peer.block, ips)),
  );
  return [...new Set(found)];
};

const subjectsOf = ({ podSelector, namespace }: ParsedPolicy, ends: Ends): readonly End[] =>
  ends.inNamespace(namespace).filter(({ pod }) => pod !== undefined && selects(podSelector, pod.labels));

const pairsOf = (direction: Direction, subjects: readonly End[], remotes: readonly End[]): readonly EndPair[] =>
  subjects.flatMap((own) =>
    remotes.map((remote): EndPair => (direction === 'ingress' ? [remote, own] : [own, remote])),
  );

/** The ends of one rule of a policy: what its addition or change concerns. */
export const scopeOfRule = (
  policy: PolicyObject,
  direction: Direction,
  rule: number,
  facts: ScopeFacts,
): readonly EndPair[] => {
  const parsed = parsePolicy(policy);
  const spec = parsed.rules[direction].at(rule);
  if (spec === undefined) return [];
  return pairsOf(direction, subjectsOf(parsed, facts.ends), remotesOf(spec, policy.namespace, facts));
};

/** The policies that could tell the labels apart: those that mention a key of the difference. */
const mentioning = (reading: Reading, keys: readonly string[]): ReadonlySet<ParsedPolicy> =>
  new Set(keys.flatMap((key) => reading.mentioning(JSON.stringify(key).slice(1, -1))));

/**
 * The ends that a change of labels concerns: those whose rules mean the pods with the one labels and not with the other.
 * Undefined where it changes which policies select the pods themselves: that is another matter than being let in.
 */
export const scopeOfLabels = (
  { pods, labels, difference }: Extract<Change, { kind: 'label' }>,
  { ends, reading }: ScopeFacts,
): readonly EndPair[] | undefined => {
  const [pod] = pods;
  if (pod === undefined) return [];
  const { namespace } = pod;
  const changed = ends.of(pods);
  const differs = (peer: PeerSpec, home: string): boolean =>
    peer.kind === 'pods' &&
    namespaceMatches(peer, namespace, home, reading) &&
    labelsMatch(peer, pod.labels) !== labelsMatch(peer, labels);
  const scope: EndPair[] = [];
  for (const policy of mentioning(reading, Object.keys(difference))) {
    const { podSelector } = policy;
    if (policy.namespace === namespace && selects(podSelector, pod.labels) !== selects(podSelector, labels)) {
      return undefined;
    }
    for (const direction of DIRECTIONS) {
      const isConcerned = policy.rules[direction].some(
        ({ peers }) => peers !== 'any' && peers.some((peer) => differs(peer, policy.namespace)),
      );
      if (isConcerned) scope.push(...pairsOf(direction, subjectsOf(policy, ends), changed));
    }
  }
  return scope;
};
