import type { LabelSelector } from '../../model/labels.ts';
import type { PolicyKey, PolicyObject } from '../../model/policy-object.ts';
import type { PolicyFault } from '../fault.ts';
import type { ParsedPolicy } from '../parsed.ts';
import { parsePolicy } from '../parse-policy.ts';
import { byText } from '../text-order.ts';

/** A policy object that is parsed on demand. */
export interface PolicyEntry {
  readonly key: PolicyKey;
  readonly object: PolicyObject;
  parsed(): ParsedPolicy;
  /** Stays in memory when the rest is forgotten: a pod that joins the namespace is matched against all its policies. */
  podSelector(): LabelSelector;
}

/**
 * The policies of the cluster, by namespace. Keeps the parsed form only of policies in use, and during an update of those in
 * namespaces that matter to the node.
 */
export interface PolicyStore {
  get(key: PolicyKey): PolicyEntry | undefined;
  keys(): Iterable<PolicyKey>;
  inNamespace(name: string): Iterable<PolicyEntry>;
  /** @param object undefined removes the policy. @returns the new entry */
  put(key: PolicyKey, object: PolicyObject | undefined): PolicyEntry | undefined;
  /** Ends an update: forgets the parsed form of policies that are not in use. */
  settle(isUsed: (entry: PolicyEntry) => boolean): void;
  /** Forgets the parsed form of a policy that is no longer in use. */
  forget(entry: PolicyEntry): void;
  /** Adds a fault that appeared only when the policy was compiled. */
  fail(key: PolicyKey, message: string): void;
  /** Returns the faults, sorted by policy; the same list until one changes. */
  faults(): readonly PolicyFault[];
}

interface OpenEntry extends PolicyEntry {
  forget(): void;
}

const NO_FAULTS: readonly PolicyFault[] = [];

export const createPolicyStore = (matters: (namespace: string) => boolean): PolicyStore => {
  const entries = new Map<PolicyKey, OpenEntry>();
  const byNamespace = new Map<string, Map<PolicyKey, OpenEntry>>();
  const faulty = new Map<PolicyKey, readonly PolicyFault[]>();
  /** Policies that were parsed since the last update ended. */
  const read = new Set<OpenEntry>();
  /**
   * Policies that were not parsed yet. Those of other nodes are parsed after the rules are in force, only for their
   * faults.
   */
  const unread = new Set<OpenEntry>();
  let faults: readonly PolicyFault[] | undefined = NO_FAULTS;

  const noteFaults = (key: PolicyKey, found: readonly PolicyFault[]): void => {
    if (found.length === 0 && !faulty.has(key)) return;
    if (found.length === 0) faulty.delete(key);
    else faulty.set(key, found);
    faults = undefined;
  };

  const createEntry = (object: PolicyObject): OpenEntry => {
    let known: ParsedPolicy | undefined;
    let podSelector: LabelSelector | undefined;
    const entry: OpenEntry = {
      key: object.key,
      object,
      parsed() {
        if (known !== undefined) return known;
        const parsed = parsePolicy(object);
        if (unread.delete(entry)) noteFaults(object.key, parsed.faults);
        if (matters(object.namespace)) {
          podSelector = parsed.podSelector;
          known = parsed;
          read.add(entry);
        }
        return parsed;
      },
      podSelector: () => podSelector ?? entry.parsed().podSelector,
      forget() {
        known = undefined;
      },
    };
    return entry;
  };

  const remove = (key: PolicyKey): void => {
    const before = entries.get(key);
    if (before === undefined) return;
    entries.delete(key);
    unread.delete(before);
    noteFaults(key, NO_FAULTS);
    const { namespace } = before.object;
    const siblings = byNamespace.get(namespace);
    siblings?.delete(key);
    if (siblings?.size === 0) byNamespace.delete(namespace);
  };

  const sortedFaults = (): readonly PolicyFault[] =>
    faulty.size === 0 ? NO_FAULTS : [...faulty].sort(([a], [b]) => byText(a, b)).flatMap(([, found]) => found);

  return {
    get: (key) => entries.get(key),
    keys: () => entries.keys(),
    inNamespace: (name) => byNamespace.get(name)?.values() ?? [],
    put(key, object) {
      remove(key);
      if (object === undefined) return undefined;
      const entry = createEntry(object);
      entries.set(key, entry);
      unread.add(entry);
      const siblings = byNamespace.get(entry.object.namespace) ?? new Map<PolicyKey, OpenEntry>();
      byNamespace.set(entry.object.namespace, siblings.set(key, entry));
      return entry;
    },
    settle(isUsed) {
      for (const entry of read) if (!isUsed(entry)) entry.forget();
      read.clear();
    },
    forget({ key }) {
      entries.get(key)?.forget();
    },
    fail(key, message) {
      const fault = { policy: key, field: ['spec'], message };
      noteFaults(key, [...(faulty.get(key) ?? []).filter((known) => known.message !== message), fault]);
    },
    faults() {
      for (const entry of unread) entry.parsed();
      return (faults ??= sortedFaults());
    },
  };
};
