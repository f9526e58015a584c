import type { Direction } from '../../model/direction.ts';
import { messageOf } from '../../model/message-of.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { selects } from '../selector.ts';
import { byText } from '../text-order.ts';
import type { Groups, IsolationChanges } from './groups.ts';
import { type MaterialisedRules, materialiseRules } from './materialised-rules.ts';
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
  takeChanges(): IsolationChanges;
}

interface Subject {
  readonly pod: PodEndpoint;
  /** Those that select it, sorted by key. */
  policies: readonly PolicyEntry[];
}

/** The rules of a policy in use, and how many subjects it selects. */
interface Use {
  subjects: number;
  rules: MaterialisedRules | undefined;
}

export interface SubjectsParts {
  readonly policies: PolicyStore;
  readonly groups: Groups;
  readonly peers: Peers;
  readonly portNames: PortNames;
}

const byKey = (a: PolicyEntry, b: PolicyEntry): number => byText(a.key, b.key);

const isSelectedBy = (pod: PodEndpoint, entry: PolicyEntry): boolean => selects(entry.parsed().podSelector, pod.labels);

export const createSubjects = ({ policies, groups, peers, portNames }: SubjectsParts): Subjects => {
  const byNamespace = new Map<string, Map<string, Subject>>();
  const uses = new Map<PolicyEntry, Use>();
  /** Those that a subject let go of since the last changes were taken. */
  const letGo = new Set<PolicyEntry>();

  const use = (entry: PolicyEntry, by: 1 | -1): void => {
    const known = uses.get(entry) ?? { subjects: 0, rules: undefined };
    uses.set(entry, known);
    known.subjects += by;
    if (by < 0) letGo.add(entry);
  };

  const rulesOf = (entry: PolicyEntry, direction: Direction) => {
    const known = uses.get(entry);
    if (known === undefined) return [];
    try {
      known.rules ??= materialiseRules(entry.parsed(), peers, portNames);
    } catch (error) {
      // It isolates its pods and allows nothing, as a policy that cannot be read does.
      policies.fail(entry.key, `cannot be compiled: ${messageOf(error)}`);
      return [];
    }
    return known.rules.of(direction);
  };

  const enter = (subject: Subject): void => {
    const { closed, ips } = subject.pod;
    if (closed !== undefined) {
      // A pod that vanished is closed only if policies isolated it, and each only where no other pod has its addresses.
      if (ips.length > 0 && (closed === 'unknown' || subject.policies.length > 0)) groups.close(subject.pod);
      return;
    }
    for (const entry of subject.policies) use(entry, 1);
    groups.join(subject.pod, subject.policies);
  };

  const retire = (subject: Subject): void => {
    if (subject.pod.closed === undefined) for (const entry of subject.policies) use(entry, -1);
    groups.leave(subject.pod);
  };

  const releaseUnused = (): void => {
    for (const entry of letGo) {
      const known = uses.get(entry);
      if (known === undefined || known.subjects > 0) continue;
      known.rules?.release();
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
      const subject: Subject = { pod, policies: selecting.sort(byKey) };
      siblings.set(pod.uid, subject);
      enter(subject);
    },
    remove(pod) {
      const siblings = byNamespace.get(pod.namespace);
      const subject = siblings?.get(pod.uid);
      if (siblings === undefined || subject === undefined) return;
      retire(subject);
      siblings.delete(pod.uid);
      if (siblings.size === 0) byNamespace.delete(pod.namespace);
    },
    changePolicy(before, after) {
      const namespace = (after ?? before)?.object.namespace ?? '';
      for (const subject of byNamespace.get(namespace)?.values() ?? []) {
        const kept = subject.policies.filter((entry) => entry !== before);
        const selected = after !== undefined && isSelectedBy(subject.pod, after);
        if (!selected && kept.length === subject.policies.length) continue;
        retire(subject);
        subject.policies = selected ? [...kept, after].sort(byKey) : kept;
        enter(subject);
      }
    },
    uses: (entry) => uses.has(entry),
    takeChanges() {
      const changes = groups.takeChanges(rulesOf);
      releaseUnused();
      return changes;
    },
  };
};
