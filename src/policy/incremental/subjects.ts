import type { Direction } from '../../model/direction.ts';
import { messageOf } from '../../model/message-of.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { selects } from '../selector.ts';
import { byText } from '../text-order.ts';
import type { Groups, IsolationChanges } from './groups.ts';
import type { Budget } from './budget.ts';
import { type MaterialisedRules, materialiseRules } from './materialised-rules.ts';
import { type PeerSearch, searchPeers } from './peer-search.ts';
import { createPolicyRoom } from './policy-room.ts';
import type { Peers } from './peers.ts';
import type { PolicyEntry, PolicyStore } from './policy-store.ts';
import type { PortNames } from './port-names.ts';

/** The pods that policies can isolate on the node, and the policies that select them. */
export interface Subjects {
  /** Whether the namespace has a subject. */
  hasAny(namespace: string): boolean;
  add(pod: PodEndpoint): void;
  /** The very object that was added. */
  remove(pod: PodEndpoint): void;
  /** A policy came, changed or went. */
  changePolicy(before: PolicyEntry | undefined, after: PolicyEntry | undefined): void;
  /** Whether the policy selects a subject. */
  uses(policy: PolicyEntry): boolean;
  /**
   * @param members how many addresses came into peers that were there before
   * @param isForSmall what takes long has to wait
   */
  takeChanges(members: number, isForSmall?: boolean): IsolationChanges;
  /** Policies wait for their turn to be looked at, which the next update gives them. */
  isUnfinished(): boolean;
}

interface Subject {
  readonly pod: PodEndpoint;
  /** Those that select it. */
  readonly policies: Set<PolicyEntry>;
}

/** The rules of a policy in use, and how many subjects it selects. */
interface Use {
  subjects: number;
  rules: MaterialisedRules | undefined;
  /** Peers that are looked for, some in each update, so that the rules find them. */
  search: PeerSearch | undefined;
}

export interface SubjectsParts {
  readonly policies: PolicyStore;
  readonly groups: Groups;
  readonly peers: Peers;
  readonly portNames: PortNames;
  readonly budget: Budget;
  /** Pods of the cluster that can be peers. */
  readonly podCount: () => number;
  /** See PodIndex. */
  readonly looks: () => number;
}

const byKey = (a: PolicyEntry, b: PolicyEntry): number => byText(a.key, b.key);

/** Makes of equal lists one, which others remember things of: most pods of a namespace are selected by the same policies. */
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
  /** Those whose policies changed since the last changes were taken, by namespace. */
  const moved = new Map<string, Set<Subject>>();
  /** Those that a subject let go of since the last changes were taken. */
  const letGo = new Set<PolicyEntry>();

  const use = (entry: PolicyEntry, by: 1 | -1): void => {
    const known = uses.get(entry) ?? { subjects: 0, rules: undefined, search: undefined };
    uses.set(entry, known);
    known.subjects += by;
    if (by < 0) letGo.add(entry);
  };

  /** Of a pod that is closed no rule counts. */
  const useFor = ({ pod }: Subject, entry: PolicyEntry, by: 1 | -1): void => {
    if (pod.closed === undefined) use(entry, by);
  };

  /** The policy's rules; a number of members where these are more than `most`, undefined where it cannot be compiled. */
  const materialise = (entry: PolicyEntry, most: number): MaterialisedRules | number | undefined => {
    const known = uses.get(entry);
    if (known?.rules !== undefined) return known.rules;
    try {
      const made = materialiseRules(entry.parsed(), peers, portNames, most);
      if (known !== undefined && typeof made !== 'number') known.rules = made;
      if (known !== undefined) endSearch(known);
      return made;
    } catch (error) {
      // It isolates its pods and allows nothing, as a policy that cannot be read does.
      policies.fail(entry.key, `cannot be compiled: ${messageOf(error)}`);
      return undefined;
    }
  };

  const endSearch = (known: Use): void => {
    known.search?.end();
    known.search = undefined;
  };

  /** @returns whether all of the policy's peers are there */
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
    // A pod that vanished is closed only if policies isolated it, and each only where no other pod has its addresses.
    else if (ips.length > 0 && (closed === 'unknown' || selecting.length > 0)) groups.close(pod);
  };

  /** Puts the pods into the groups of the policies that select them now, each namespace's policies sorted once. */
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
