import { expect, test } from '@jest/globals';
import type { PolicyObject } from '../../../src/model/policy-object.ts';
import { createBudget } from '../../../src/policy/incremental/budget.ts';
import { createGroups } from '../../../src/policy/incremental/groups.ts';
import type { Peers } from '../../../src/policy/incremental/peers.ts';
import { createPodIndex, createPortNames } from '../../../src/policy/incremental/pod-index.ts';
import { createPolicyStore } from '../../../src/policy/incremental/policy-store.ts';
import { createSubjects } from '../../../src/policy/incremental/subjects.ts';
import { DEFAULT_LIMITS } from '../../../src/policy/limits.ts';
import { compileNodePolicy } from '../../../src/policy/compile.ts';
import { cluster, pod, policy } from '../../support/small-cluster.ts';

const PEER = { from: [{ podSelector: { matchLabels: { app: 'x' } } }] };

const throwing: PolicyObject = {
  ...policy('a/bad', {}),
  get spec(): never {
    throw new Error('never thought of that');
  },
};

test('a policy whose parser fails isolates its namespace, and the others are compiled', () => {
  const pods = [pod('a/web', {}, { ips: ['10.0.0.1'] }), pod('b/web', {}, { ips: ['10.0.0.2'] })];
  const good = policy('b/good', { podSelector: {}, ingress: [PEER] });
  const { isolations, faults } = compileNodePolicy(cluster({ a: {}, b: {} }, pods, [throwing, good]), 'n1');
  expect(isolations.map(({ direction, policies, rules }) => [direction, ...policies, rules.length])).toEqual([
    ['egress', 'a/bad', 0],
    ['ingress', 'a/bad', 0],
    ['ingress', 'b/good', 1],
  ]);
  expect(faults).toEqual([{ policy: 'a/bad', field: ['spec'], message: 'cannot be read: never thought of that' }]);
});

test('a policy whose compiler fails allows nothing, and what others allow for the same pod still counts', () => {
  const policies = createPolicyStore(() => true);
  const groups = createGroups();
  const peers: Peers = {
    acquire({ podSelector }) {
      if (podSelector?.requirements[0]?.key === 'app') throw new Error('never thought of that');
      return { kind: 'pods', key: 'y', text: 'y', addresses: { ipv4: new Set(), ipv6: new Set() } };
    },
    release: () => undefined,
    removePod: () => undefined,
    addPod: () => undefined,
    changeNamespace: () => undefined,
    sweep: () => undefined,
  };
  const subjects = createSubjects({
    policies,
    groups,
    peers,
    portNames: createPortNames(createPodIndex()),
    budget: createBudget(DEFAULT_LIMITS, () => 1),
    podCount: () => 1,
    looks: () => 0,
  });
  const bad = policy('a/bad', { podSelector: {}, ingress: [PEER] });
  const good = policy('a/good', {
    podSelector: {},
    ingress: [{ from: [{ podSelector: { matchLabels: { y: '' } } }] }],
  });
  for (const object of [bad, good]) subjects.changePolicy(undefined, policies.put(object.key, object));
  subjects.add(pod('a/web', {}, { ips: ['10.0.0.1'] }));
  const [isolation] = [...subjects.takeChanges(0).values()];
  expect(isolation?.policies).toEqual(['a/bad', 'a/good']);
  expect(isolation?.rules.map((rule) => rule.policy)).toEqual(['a/good']);
  expect(policies.faults()).toMatchObject([{ policy: 'a/bad', message: 'cannot be compiled: never thought of that' }]);
});
