import { expect, test } from '@jest/globals';
import { type AgentLease, leaseObject, readLease } from '../../../src/cluster/lease/agent-lease.ts';
import { findLaggingNodes } from '../../../src/cluster/lease/policy-in-force.ts';
import { asObject } from '../../../src/cluster/raw.ts';

const POLICY = { key: 'shop/web', resourceVersion: '120' };

const CONTENT = {
  level: 'enforcing',
  since: '2026-11-30T10:00:00.000Z',
  reason: '',
  networkpolicies: '120',
  pods: '7',
  namespaces: '8',
  faulty: [],
  version: '0.1.0',
};

/** Returns the Lease as the API server would return it. */
const lease = (more: Partial<AgentLease> = {}): AgentLease => {
  const read = readLease(
    asObject(
      leaseObject({
        home: { namespace: 'kube-system', release: 'portcullis' },
        node: 'n1',
        nodeUid: undefined,
        content: { ...CONTENT, ...more },
        acquiredAt: CONTENT.since,
        renewedAt: '2026-11-30T10:00:10.000Z',
        resourceVersion: '9',
      }),
    ),
  );
  if (read === undefined) throw new Error('no Lease of an agent');
  return read;
};

const lagging = (of: AgentLease | undefined): readonly string[] =>
  findLaggingNodes(POLICY, ['n1'], new Map(of === undefined ? [] : [['n1', of]])).map(({ reason }) => reason);

test('what is written into a Lease is read from it', () => {
  expect(lease({ faulty: ['shop/a', 'shop/b'] })).toEqual({
    ...CONTENT,
    faulty: ['shop/a', 'shop/b'],
    node: 'n1',
    release: 'portcullis',
    resourceVersion: '9',
    renewedAt: '2026-11-30T10:00:10.000000Z',
    durationSeconds: 30,
  });
});

test.each([
  ['of the same version', '120', true],
  ['newer, with more digits', '1000', true],
  ['older, with a larger first digit', '99', false],
  ['of no version yet', '', false],
  ['of a version that cannot be compared', 'abc', false],
])('a policy is in force where the state of the Lease is %s: %s', (_, networkpolicies, isInForce) => {
  expect(lagging(lease({ networkpolicies }))).toHaveLength(isInForce ? 0 : 1);
});

test('a policy is not in force on a node without a Lease, that does not enforce, or where it has a fault', () => {
  expect(lagging(undefined)).toEqual(['no agent has a Lease there']);
  expect(lagging(lease({ level: 'not enforcing', reason: 'no ip_set' }))).toEqual([
    expect.stringContaining('not enforcing: no ip_set (its Lease was renewed at '),
  ]);
  expect(lagging(lease({ faulty: ['shop/web'] }))).toEqual([
    'the policy has a fault: it isolates its pods and allows nothing',
  ]);
  expect(lagging(lease({ faulty: ['shop/other'], level: 'in part' }))).toEqual([]);
});

test('a Lease of another program is no agent’s', () => {
  expect(readLease({ metadata: { name: 'kube-scheduler' }, spec: { holderIdentity: 'n1' } })).toBeUndefined();
});
