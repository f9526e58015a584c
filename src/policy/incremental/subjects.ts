import type { Direction } from '../../model/direction.ts';
import { messageOf } from '../../model/message-of.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { selects } from '../selector.ts';
import { byText } from '../text-order.ts';
import type { Groups, IsolationChanges } from './groups.ts';
import type { Budget } from './budget.ts';
import { type MaterialisedRules, materialiseRules } from './materialised-rules.ts';
import { type PeerSearch, searchPeers, createPolicyRoom } from './policy-room.ts';
import type { Peers } from './peers.ts';
import type { PolicyEntry, PolicyStore } from './policy-store.ts';
import type { PortNames } from './pod-index.ts';

/** The pods that policies can isolate on the node (subjects), and the policies that select them. */
export interface Subjects {
  /** Reports whether the namespace has a subject. */
  hasAny(namespace: string): boolean;
  add(pod: PodEndpoint): void;
  /** Removes a pod, given as the same object that was added. */
  remove(pod: PodEndpoint): void;
  /** Adds, changes or removes a policy. */
  changePolicy(before: PolicyEntry | undefined, after: PolicyEntry | undefined): void;
  /** Reports whether the policy selects a subject. */
  uses(policy: PolicyEntry): boolean;
  /**
   * @param members number of addresses that joined existing peers
   * @param isForSmall whether long work must wait
   */
  takeChanges(members: number, isForSmall?: boolean): IsolationChanges;
  /** Reports whether policies wait for their search, which the next update continues. */
  isUnfinished(): boolean;
}

interface Subject {
  readonly pod: PodEndpoint;
  /** The policies that select the pod. */
  readonly policies: Set<PolicyEntry>;
}

/** The rules of a policy in use, and the number of subjects that it selects. */
interface Use {
  subjects: number;
  rules: MaterialisedRules | undefined;
  /** A search for peers, continued in each update, so that the rules find them. */
  search: PeerSearch | undefined;
}

export interface SubjectsParts {
  readonly policies: PolicyStore;
  readonly groups: Groups;
  readonly peers: Peers;
  readonly portNames: PortNames;
  readonly budget: Budget;
  /** Returns the number of pods of the cluster that can be peers. */
  readonly podCount: () => number;
  /** See PodIndex. */
  readonly looks: () => number;
}

const byKey = (a: PolicyEntry, b: PolicyEntry): number => byText(a.key, b.key);

/**
 * Returns the same list for equal lists, so that results can be cached by list: the same policies select most pods of a
 * namespace.
 */
const createLists = (): ((list: readonly PolicyEntry[]) => readonly PolicyEntry[]) => {
  const known = new Map<string, (readonly PolicyEntry[])[]>();
  return (list) => {
    const outline = `${list.length} ${list[0]?.key ?? ''} ${list.at(-1)?.key ?? ''}`;
    const alike = known.get(outline) ?? [];
    known.set(outline, alike);
    const same = alike.find((other) => other.length === list.length && other.every((entry, at) => entry === list[at]));
    if (same === undefined) alike.push(list);
    return same ?? list;
  };
};

const isSelectedBy = (pod: PodEndpoint, entry: PolicyEntry): boolean => selects(entry.podSelector(), pod.labels);

export const createSubjects = (parts: SubjectsParts): Subjects => {
  const { policies, groups, peers, portNames, budget } = parts;
  const byNamespace = new Map<string, Map<string, Subject>>();
  const uses = new Map<PolicyEntry, Use>();
  /** Subjects whose policies have changed since the last `takeChanges`, by namespace. */
  const moved = new Map<string, Set<Subject>>();
  /** Policies that stopped selecting a subject since the last `takeChanges`. */
  const letGo = new Set<PolicyEntry>();

  const use = (entry: PolicyEntry, by: 1 | -1): void => {
    const known = uses.get(entry) ?? { subjects: 0, rules: undefined, search: undefined };
    uses.set(entry, known);
    known.subjects += by;
    if (by < 0) letGo.add(entry);
  };

  /** Changes the use of a policy by a subject. No rule counts for a closed pod. */
  const useFor = ({ pod }: Subject, entry: PolicyEntry, by: 1 | -1): void => {
    if (pod.closed === undefined) use(entry, by);
  };

  /** Returns the policy's rules; a number of members if there are more than `most`, undefined if it cannot be compiled. */
  const materialise = (entry: PolicyEntry, most: number): MaterialisedRules | number | undefined => {
    const known = uses.get(entry);
    if (known?.rules !== undefined) return known.rules;
    try {
      const made = materialiseRules(entry.parsed(), peers, portNames, most);
      if (known !== undefined && typeof made !== 'number') known.rules = made;
      if (known !== undefined) endSearch(known);
      return made;
    } catch (error) {
      // The policy isolates its pods and allows nothing, like an invalid one.
      policies.fail(entry.key, `cannot be compiled: ${messageOf(error)}`);
      return undefined;
    }
  };

  const endSearch = (known: Use): void => {
    known.search?.end();
    known.search = undefined;
  };

  /** @returns whether all peers of the policy are found */
  const search = (entry: PolicyEntry, most: number, isTimeUp: () => boolean): boolean => {
    const known = uses.get(entry);
    if (known === undefined || known.rules !== undefined) return true;
    known.search ??= searchPeers(entry.parsed(), peers, most);
    return known.search.goOn(isTimeUp);
  };

  const dematerialise = (entry: PolicyEntry): void => {
    const known = uses.get(entry);
    if (known === undefined) return;
    known.rules?.release();
    known.rules = undefined;
    endSearch(known);
  };

  const room = createPolicyRoom({
    ...parts,
    rulesInUse: (entry) => uses.get(entry)?.rules,
    search,
    materialise,
    dematerialise,
  });

  const rulesOf = (entry: PolicyEntry, direction: Direction) => {
    if (!uses.has(entry) || budget.isOver(entry.key)) return [];
    const rules = materialise(entry, Number.POSITIVE_INFINITY);
    return typeof rules === 'object' ? rules.of(direction) : [];
  };

  const place = ({ pod }: Subject, selecting: readonly PolicyEntry[]): void => {
    const { closed, ips } = pod;
    if (closed === undefined) groups.join(pod, selecting);
    // A vanished pod is closed only if policies isolated it; any pod is closed only where no other pod has its addresses.
    else if (ips.length > 0 && (closed === 'unknown' || selecting.length > 0)) groups.close(pod);
  };

  /** Puts pods into the groups of the policies that select them now. Sorts each namespace's policies once. */
  const regroup = (): void => {
    for (const [namespace, subjects] of moved) {
      const siblings = byNamespace.get(namespace);
      const selecting = new Set<PolicyEntry>();
      for (const { policies: own } of subjects) for (const entry of own) selecting.add(entry);
      const sorted = [...selecting].sort(byKey);
      const oneOf = createLists();
      for (const subject of subjects) {
        groups.leave(subject.pod);
        if (siblings?.get(subject.pod.uid) !== subject) continue;
        place(subject, oneOf(sorted.filter((entry) => subject.policies.has(entry))));
      }
    }
    moved.clear();
  };

  const move = (subject: Subject): void => {
    const subjects = moved.get(subject.pod.namespace) ?? new Set();
    moved.set(subject.pod.namespace, subjects.add(subject));
  };

  const releaseUnused = (): void => {
    for (const entry of letGo) {
      const known = uses.get(entry);
      if (known === undefined || known.subjects > 0) continue;
      known.rules?.release();
      endSearch(known);
      uses.delete(entry);
      policies.forget(entry);
    }
    letGo.clear();
    peers.sweep();
  };

  return {
    hasAny: (namespace) => byNamespace.has(namespace),
    add(pod) {
      const siblings = byNamespace.get(pod.namespace) ?? new Map<string, Subject>();
      byNamespace.set(pod.namespace, siblings);
      const selecting = [...policies.inNamespace(pod.namespace)].filter((entry) => isSelectedBy(pod, entry));
      const subject: Subject = { pod, policies: new Set(selecting) };
      siblings.set(pod.uid, subject);
      for (const entry of selecting) useFor(subject, entry, 1);
      move(subject);
    },
    remove(pod) {
      const siblings = byNamespace.get(pod.namespace);
      const subject = siblings?.get(pod.uid);
      if (siblings === undefined || subject === undefined) return;
      for (const entry of subject.policies) useFor(subject, entry, -1);
      groups.leave(pod);
      siblings.delete(pod.uid);
      if (siblings.size === 0) byNamespace.delete(pod.namespace);
    },
    changePolicy(before, after) {
      const namespace = (after ?? before)?.object.namespace ?? '';
      for (const subject of byNamespace.get(namespace)?.values() ?? []) {
        const had = before !== undefined && subject.policies.delete(before);
        const selected = after !== undefined && isSelectedBy(subject.pod, after);
        if (had) useFor(subject, before, -1);
        if (selected) {
          subject.policies.add(after);
          useFor(subject, after, 1);
        }
        if (had || selected) move(subject);
      }
    },
    uses: (entry) => uses.has(entry),
    takeChanges(members, isForSmall = false) {
      regroup();
      room.judge(members, isForSmall);
      const changes = groups.takeChanges(rulesOf);
      releaseUnused();
      return changes;
    },
    isUnfinished: () => budget.unfinished().length > 0,
  };
};
