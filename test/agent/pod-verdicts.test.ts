import { expect, test } from '@jest/globals';
import { createPodVerdicts } from '../../src/agent/pod-verdicts.ts';
import { CONDITION_REASONS } from '../../src/cluster/condition/reasons.ts';
import { policyKey } from '../../src/model/policy-object.ts';
import type { PolicyFault } from '../../src/policy/fault.ts';
import type { Isolation, NodePolicy } from '../../src/policy/node-policy.ts';
import type { PartNotInForce } from '../../src/telemetry/parts-observer.ts';
import { pod } from '../support/small-cluster.ts';

const POD = pod('shop/web', {}, { node: 'n1', ips: ['10.0.0.1'] });
const OTHER = pod('shop/other', {}, { node: 'n1', ips: ['10.0.0.2'] });
const KEY = policyKey('shop', 'broken');

const FAULT: PolicyFault = { policy: KEY, field: ['spec', 'ingress', 0], message: 'the kernel refused it' };

const IPV6: PartNotInForce = { part: 'ipv6', reason: 'no table', holds: 'open', isOpen: false, isLasting: true };

interface World {
  readonly sight?: 'looking' | { readonly reason: 'UnseenNetwork' | 'BridgeNotFiltered'; readonly message: string };
  readonly missed?: readonly PartNotInForce[];
  readonly parts?: readonly PartNotInForce[];
  readonly faults?: readonly PolicyFault[];
}

const verdict = ({ sight, missed = [], parts = [], faults = [] }: World, of = POD) => {
  const isolation: Isolation = {
    direction: 'ingress',
    policies: [KEY],
    namedPorts: '',
    pods: [POD],
    rules: [],
  };
  const policy: NodePolicy = { isolations: [isolation], faults };
  return createPodVerdicts({
    parts: { list: () => parts, missedBy: () => missed },
    sightOf: () => sight,
    policy: () => policy,
    faults: () => faults,
  })(of);
};

const UNSEEN = { reason: 'UnseenNetwork', message: 'macvlan' } as const;

test('of several reasons the condition has the weightiest, in the order of the table', () => {
  const all = { missed: [IPV6], parts: [IPV6], faults: [FAULT] };
  const told = [
    verdict({ ...all, sight: UNSEEN }),
    verdict({ ...all, sight: { reason: 'BridgeNotFiltered', message: 'cni0' } }),
    verdict(all),
    verdict({ ...all, missed: [] }),
    verdict({ parts: [IPV6] }),
    verdict({}),
  ];
  expect(told.map((each) => each?.reason)).toEqual(
    Object.keys(CONDITION_REASONS).filter((reason) => reason !== 'AgentStale'),
  );
  expect(told.map((each) => each?.status)).toEqual(['False', 'False', 'False', 'False', 'True', 'True']);
});

test('a policy with a fault makes the condition of the pods that it selects False, and of no other', () => {
  expect(verdict({ faults: [FAULT] })).toEqual({
    status: 'False',
    reason: 'PolicyRejected',
    message:
      'policies isolate this pod and do not allow what they should: shop/broken: spec.ingress[0]: the kernel refused it',
  });
  expect(verdict({ faults: [FAULT] }, OTHER)).toMatchObject({ status: 'True', reason: 'PoliciesInForce' });
});

test('a pod that was not checked yet gets no condition', () => {
  expect(verdict({ sight: 'looking', faults: [FAULT] })).toBeUndefined();
});
