import type { JsonLabels } from '../../test/support/naive/world.ts';
import { type Change, RefusedError } from './change.ts';
import { namespaceRef, policyObject } from './objects.ts';
import { labelPatch } from './pod-changes.ts';
import { type ChaosPolicy, type ChaosState, keyOf, withEntry } from './state.ts';

const withPolicy = (state: ChaosState, policy: ChaosPolicy): ChaosState => ({
  ...state,
  policies: withEntry(state.policies, keyOf(policy), policy),
});

const withoutPolicy = (state: ChaosState, policy: ChaosPolicy): ChaosState => ({
  ...state,
  policies: withEntry(state.policies, keyOf(policy), undefined),
});

const specOf = (stored: object): ChaosPolicy['spec'] => (stored as { readonly spec: ChaosPolicy['spec'] }).spec;

export const writePolicy = (policy: ChaosPolicy, isNew: boolean): Change => ({
  name: isNew ? 'create policy' : 'change policy',
  kind: 'networkpolicies',
  contested: [],
  apply: (state) => withPolicy(state, policy),
  async write(admin, state) {
    const stored = await admin.apply(policyObject(policy)).catch((error: unknown) => {
      throw new RefusedError(error);
    });
    return { state: withPolicy(state, { ...policy, spec: specOf(stored) }), version: stored.metadata.resourceVersion };
  },
});

export const deletePolicy = (policy: ChaosPolicy): Change => ({
  name: 'delete policy',
  kind: 'networkpolicies',
  contested: [],
  apply: (state) => withoutPolicy(state, policy),
  async write(admin, state) {
    await admin.delete(policyObject(policy));
    return { state: withoutPolicy(state, policy) };
  },
});

export const relabelNamespace = (name: string, before: JsonLabels, labels: JsonLabels): Change => {
  const after = { ...labels, 'kubernetes.io/metadata.name': name };
  const apply = (state: ChaosState): ChaosState => ({
    ...state,
    namespaces: withEntry(state.namespaces, name, after),
  });
  return {
    name: 'relabel namespace',
    kind: 'namespaces',
    contested: [],
    apply,
    async write(admin, state) {
      const { metadata } = await admin.patch(namespaceRef(name), labelPatch(before, after));
      return { state: apply(state), version: metadata.resourceVersion };
    },
  };
};
