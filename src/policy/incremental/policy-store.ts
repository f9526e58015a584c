import type { PolicyKey, PolicyObject } from '../../model/policy-object.ts';
import type { PolicyFault } from '../fault.ts';
import type { ParsedPolicy } from '../parsed.ts';
import { parsePolicy } from '../parse-policy.ts';
import { byText } from '../text-order.ts';

/** A policy object, read when somebody asks. */
export interface PolicyEntry {
  readonly key: PolicyKey;
  readonly object: PolicyObject;
  parsed(): ParsedPolicy;
}

/** The policies of the cluster, by namespace. What was read is kept only for namespaces that matter to the node. */
export interface PolicyStore {
  get(key: PolicyKey): PolicyEntry | undefined;
  keys(): Iterable<PolicyKey>;
  inNamespace(name: string): Iterable<PolicyEntry>;
  /** @param object undefined removes. @returns the new entry */
  put(key: PolicyKey, object: PolicyObject | undefined): PolicyEntry | undefined;
  /** Forgets what was read in the namespace. */
  forget(namespace: string): void;
  /** Sorted by policy; the same list until one changes. */
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
  let faults: readonly PolicyFault[] | undefined = NO_FAULTS;

  const createEntry = (object: PolicyObject): OpenEntry => {
    let known: ParsedPolicy | undefined;
    return {
      key: object.key,
      object,
      parsed() {
        if (known !== undefined) return known;
        const parsed = parsePolicy(object);
        if (matters(object.namespace)) known = parsed;
        return parsed;
      },
      forget() {
        known = undefined;
      },
    };
  };

  const noteFaults = (key: PolicyKey, found: readonly PolicyFault[]): void => {
    if (found.length === 0 && !faulty.has(key)) return;
    if (found.length === 0) faulty.delete(key);
    else faulty.set(key, found);
    faults = undefined;
  };

  const remove = (key: PolicyKey): void => {
    const before = entries.get(key);
    if (before === undefined) return;
    entries.delete(key);
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
      const entry = object === undefined ? undefined : createEntry(object);
      noteFaults(key, entry?.parsed().faults ?? NO_FAULTS);
      if (entry === undefined) return undefined;
      entries.set(key, entry);
      const siblings = byNamespace.get(entry.object.namespace) ?? new Map<PolicyKey, OpenEntry>();
      byNamespace.set(entry.object.namespace, siblings.set(key, entry));
      return entry;
    },
    forget(namespace) {
      for (const entry of byNamespace.get(namespace)?.values() ?? []) entry.forget();
    },
    faults: () => (faults ??= sortedFaults()),
  };
};
