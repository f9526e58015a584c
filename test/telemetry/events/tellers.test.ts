import { expect, test } from '@jest/globals';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import { policyKey } from '../../../src/model/policy-object.ts';
import { findTellers } from '../../../src/telemetry/events/tellers.ts';

const pod = (node: string, namespace: string, hostNetwork = false): PodEndpoint => ({
  uid: `${node}/${namespace}`,
  namespace,
  name: 'p',
  node,
  labels: new Map(),
  ips: [],
  hostIPs: [],
  hostNetwork,
  ports: [],
  createdAt: 0,
});

const NODES = Array.from({ length: 500 }, (_, at) => `n${at}`);

const tellers = (policy: string, pods: readonly PodEndpoint[]): readonly string[] => {
  const tells = findTellers(pods);
  return NODES.filter((node) => tells(node, policyKey('shop', policy)));
};

test('three of five hundred nodes with pods of the namespace report a policy, other nodes another policy', () => {
  const pods = NODES.map((node) => pod(node, 'shop'));
  const first = tellers('a', pods);
  expect(first).toHaveLength(3);
  expect(tellers('a', pods.toReversed())).toEqual(first);
  expect(tellers('b', pods)).not.toEqual(first);
});

test('nodes with pods that a policy can select report first', () => {
  const pods = [
    ...NODES.map((node) => pod(node, 'other')),
    pod('n7', 'shop'),
    pod('n8', 'shop', true),
    pod('', 'shop'),
  ];
  expect(tellers('a', pods)).toEqual(['n7']);
});

test('other nodes report if the namespace has no pods, and all nodes if there are no pods', () => {
  expect(tellers('a', [pod('n1', 'other'), pod('n2', 'other')])).toEqual(['n1', 'n2']);
  expect(tellers('a', [])).toHaveLength(500);
});
