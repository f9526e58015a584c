import { describe, expect, test } from '@jest/globals';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { type AddressPlan, assignAddresses } from '../../src/cluster/assign-addresses.ts';
import { podEndpoint } from '../support/pod-endpoint.ts';

const pod = (name: string, changes: Partial<PodEndpoint> = {}): PodEndpoint =>
  podEndpoint(name, { node: '', ...changes });

const byUid = (...pods: readonly PodEndpoint[]): ReadonlyMap<string, PodEndpoint> =>
  new Map(pods.map((each) => [each.uid, each]));

const PLAN: AddressPlan = {
  nodes: ['n1', 'n2'],
  cidrsOf: (node) => (node === 'n1' ? ['10.0.1.0/24', 'fd00:1::/64'] : ['10.0.2.0/24']),
};

const summary = (pods: ReadonlyMap<string, PodEndpoint>): Record<string, string> =>
  Object.fromEntries([...pods].map(([uid, { node, ips }]) => [uid, [node, ...ips].join(' ')]));

describe('assignAddresses', () => {
  test('assignAddresses distributes pods over nodes by name, and gives each node’s pods its lowest addresses', () => {
    const expected = { a: 'n1 10.0.1.2 fd00:1::2', b: 'n2 10.0.2.2', c: 'n1 10.0.1.3 fd00:1::3' };
    expect(summary(assignAddresses(byUid(pod('c'), pod('a'), pod('b')), PLAN))).toEqual(expected);
    expect(summary(assignAddresses(byUid(pod('b'), pod('c'), pod('a')), PLAN))).toEqual(expected);
  });

  test('assignAddresses keeps given nodes and addresses, and assigns none of these again', () => {
    const given = byUid(pod('a'), pod('b', { node: 'n1', ips: ['10.0.1.2'] }), pod('c', { node: 'elsewhere' }));
    const plan: AddressPlan = { ...PLAN, cidrsOf: () => ['10.0.1.0/24'] };
    expect(summary(assignAddresses(given, plan))).toEqual({
      a: 'n1 10.0.1.3',
      b: 'n1 10.0.1.2',
      c: 'elsewhere 10.0.1.4',
    });
  });

  test('assignAddresses keeps earlier assignments when pods come and go', () => {
    const previous = assignAddresses(byUid(pod('b'), pod('c')), PLAN);
    const next = assignAddresses(byUid(pod('a'), pod('c')), { ...PLAN, previous });
    expect(summary(next)).toEqual({ a: 'n1 10.0.1.2 fd00:1::2', c: 'n2 10.0.2.2' });
  });

  test('assignAddresses gives an address on the new node to a pod that moved', () => {
    const previous = assignAddresses(byUid(pod('a')), PLAN);
    const next = assignAddresses(byUid(pod('a', { node: 'n2' })), { ...PLAN, previous });
    expect(summary(next)).toEqual({ a: 'n2 10.0.2.2' });
  });

  test('assignAddresses gives pods on the host network a node, and no address of their own', () => {
    expect(summary(assignAddresses(byUid(pod('a', { hostNetwork: true })), PLAN))).toEqual({ a: 'n1' });
  });

  test('assignAddresses assigns nothing without nodes', () => {
    const plan: AddressPlan = { nodes: [], cidrsOf: () => ['10.0.0.0/16'] };
    expect(summary(assignAddresses(byUid(pod('a')), plan))).toEqual({ a: ' 10.0.0.2' });
  });

  test('assignAddresses names a range that is used up in an error', () => {
    const plan: AddressPlan = { nodes: [], cidrsOf: () => ['10.0.0.0/30'] };
    expect(() => assignAddresses(byUid(pod('a'), pod('b')), plan)).toThrow('10.0.0.0/30 has no address left');
  });
});
