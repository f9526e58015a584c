import type { ClusterChanges } from '../model/cluster-change.ts';
import type { Direction } from '../model/direction.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey, PolicyObject } from '../model/policy-object.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import { createPolicyCompiler, type PolicyCompiler } from '../policy/incremental/policy-compiler.ts';
import { createEvaluatorOf, type Evaluator } from '../trace/evaluator.ts';
import { createIndexOf, type Governing, type PolicyIndex } from '../trace/policy-index.ts';

/** Objects that replace those of the same key, or come new. */
export interface ClusterEdit {
  readonly policies: readonly PolicyObject[];
  readonly pods: readonly PodEndpoint[];
}

/**
 * A cluster whose policies are compiled namespace by namespace, as somebody asks, and that can be tried with an edit. All of it
 * is live: an answer holds until the next call of `load` or `with`.
 */
export interface WhatIf {
  readonly index: PolicyIndex;
  /** Of the cluster as it is. */
  readonly evaluator: Evaluator;
  /** Compiles the policies of these namespaces, as far as that has not been done. */
  load(namespaces: Iterable<string>): void;
  isLoaded(namespace: string): boolean;
  /** Runs `work` in the cluster as the edit makes it, and takes the edit back. */
  with<Result>(edit: ClusterEdit, work: (evaluator: Evaluator) => Result): Result;
}

const changesOf = (pods: Iterable<string>, policies: Iterable<PolicyKey>): ClusterChanges => ({
  pods: new Set(pods),
  namespaces: new Set(),
  networkpolicies: new Set(policies),
});

const isolationsIn =
  (compiler: PolicyCompiler) =>
  (direction: Direction, address: string): readonly Governing[] => {
    const pods = compiler.podsAt(address);
    const isolations = compiler.isolationsAt(direction, address);
    const [pod] = pods;
    const [isolation] = isolations;
    if (isolation === undefined) return [];
    if (pods.length === 1 && pod !== undefined) return [{ isolation, pod }];
    return isolations.flatMap((each) => {
      const own = each.pods.find(({ ips }) => ips.includes(address));
      return own === undefined ? [] : [{ isolation: each, pod: own }];
    });
  };

/** Sets the entries of the map and returns what puts it back as it was. */
const put = <Key, Value>(map: Map<Key, Value>, entries: readonly (readonly [Key, Value])[]): (() => void) => {
  const before = entries.map(([key]) => [key, map.get(key)] as const);
  for (const [key, value] of entries) map.set(key, value);
  return () => {
    for (const [key, value] of before) {
      if (value === undefined) map.delete(key);
      else map.set(key, value);
    }
  };
};

export const createWhatIf = (snapshot: ClusterSnapshot): WhatIf => {
  const pods = new Map(snapshot.pods);
  const policies = new Map<PolicyKey, PolicyObject>();
  const live: ClusterSnapshot = { namespaces: snapshot.namespaces, pods, policies };
  const compiler = createPolicyCompiler(undefined);
  const update = (changes: ClusterChanges): void => {
    compiler.update(live, changes);
    while (compiler.isUnfinished()) compiler.update(live, changesOf([], []));
  };
  update('everything');

  const byNamespace = Map.groupBy(snapshot.policies.values(), ({ namespace }) => namespace);
  const loaded = new Set<string>();
  const index = createIndexOf({
    ownershipOf: compiler.ownershipOf,
    isolationsAt: isolationsIn(compiler),
    faultsOf: (key) => compiler.faults().filter(({ policy }) => policy === key),
  });

  const load = (namespaces: Iterable<string>): void => {
    const missing = [...new Set(namespaces)].filter((name) => !loaded.has(name));
    const found = missing.flatMap((name) => byNamespace.get(name) ?? []);
    for (const name of missing) loaded.add(name);
    for (const policy of found) policies.set(policy.key, policy);
    if (found.length > 0)
      update(
        changesOf(
          [],
          found.map(({ key }) => key),
        ),
      );
  };

  return {
    index,
    evaluator: createEvaluatorOf(index),
    load,
    isLoaded: (namespace) => loaded.has(namespace),
    with(edit, work) {
      load([...edit.policies, ...edit.pods].map(({ namespace }) => namespace));
      const putBack = [
        put(
          policies,
          edit.policies.map((policy) => [policy.key, policy]),
        ),
        put(
          pods,
          edit.pods.map((pod) => [pod.uid, pod]),
        ),
      ];
      const changes = changesOf(
        edit.pods.map(({ uid }) => uid),
        edit.policies.map(({ key }) => key),
      );
      update(changes);
      try {
        return work(createEvaluatorOf(index));
      } finally {
        for (const each of putBack) each();
        update(changes);
      }
    },
  };
};
