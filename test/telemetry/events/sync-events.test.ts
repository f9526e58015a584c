import { beforeEach, describe, expect, test } from '@jest/globals';
import type { OperatorEvent } from '../../../src/model/operator-event.ts';
import { type PolicyKey, policyKey, type PolicyObject } from '../../../src/model/policy-object.ts';
import type { PolicyFault } from '../../../src/policy/fault.ts';
import type { SyncResult } from '../../../src/reconcile/sync-result.ts';
import { createSyncEvents } from '../../../src/telemetry/events/sync-events.ts';

let told: string[];
let topics: Map<string, readonly string[]>;
let policies: Map<PolicyKey, PolicyObject>;
let report: (result: SyncResult, culprits: readonly string[]) => void;

const textOf = ({ policy, type, reason, note }: OperatorEvent): string =>
  `${type} ${reason} ${policy ?? 'node'}: ${note}`;

const GOOD: SyncResult = {
  reason: 'check',
  outcome: 'unchanged',
  durationMs: 1,
  waitedMs: undefined,
  changes: 0,
  drift: 0,
  tampering: [],
  contested: false,
  faults: [],
  isolatedPods: { ingress: 0, egress: 0 },
  program: undefined,
  isGrowing: false,
  notInForce: [],
  policies: [],
  concerned: new Map(),
  error: undefined,
};

const pass = (result: Partial<SyncResult>, culprits: readonly string[] = []): void => {
  report({ ...GOOD, ...result }, culprits);
};

const fault = (name: string, isOfNode?: true): PolicyFault => ({
  policy: policyKey('shop', name),
  field: ['spec', 'ingress', 0, 'from'],
  message: 'is not a list',
  ...(isOfNode && { isOfNode }),
});

beforeEach(() => {
  told = [];
  topics = new Map();
  policies = new Map();
  report = createSyncEvents(
    {
      tell: (event) => told.push(textOf(event)),
      stand: (topic, events) => topics.set(topic, events.map(textOf)),
    },
    {
      node: 'n1',
      snapshot: () => ({ pods: new Map(), namespaces: new Map(), policies }),
      failures: 3,
    },
  );
});

test('an ordinary pass causes no event', () => {
  pass({});
  pass({ outcome: 'applied', changes: 5 });
  expect([told, topics]).toEqual([[], new Map()]);
});

test('a repair causes an event with the changes, and with the program if it is known', () => {
  const tampering = [
    { kind: 'jump_missing', family: 'ipv4', name: 'FORWARD' },
    { kind: 'set_missing', family: 'ipv4', name: 'portcullis-4-x' },
  ] as const;
  pass({ outcome: 'applied', drift: 2, tampering });
  pass({ outcome: 'applied', drift: 2, tampering }, ['nft', 'iptables']);
  const what =
    'found and repaired: the jump to our rules is gone from: FORWARD (ipv4); sets are gone: portcullis-4-x (ipv4)';
  expect(told).toEqual([
    `Warning RulesChangedByOthers node: ${what}`,
    `Warning RulesChangedByOthers node: ${what}; changed by iptables, nft`,
  ]);
});

describe('policies that cannot be enforced', () => {
  test('a policy that cannot be enforced causes an event while it exists', () => {
    pass({ faults: [fault('a')] });
    expect(topics.get('faults')).toEqual([
      'Warning InvalidPolicy shop/a: spec.ingress[0].from: is not a list; this part allows nothing, and the pods it may select are isolated',
    ]);
    pass({ faults: [] });
    expect(topics.get('faults')).toEqual([]);
  });

  test('a policy whose last fault was fixed causes an event, and one that was deleted causes none', () => {
    policies.set(policyKey('shop', 'a'), {} as PolicyObject);
    pass({ faults: [fault('a'), { ...fault('a'), field: ['spec'] }, fault('b')] });
    pass({ faults: [fault('a')] });
    expect(told).toEqual([]);
    pass({ faults: [] });
    expect(told).toEqual(['Normal PolicyEnforced shop/a: no part of this policy is invalid or refused any more']);
  });

  test('a valid policy that only this node cannot enforce is not reported as invalid', () => {
    pass({ faults: [{ ...fault('a'), isOfNode: true }] });
    expect(topics.get('faults')?.map((line) => line.split(':')[0])).toEqual(['Warning PolicyNotEnforced shop/a']);
  });

  test('few agents report a policy’s fault, unless only this node cannot enforce it', () => {
    const pod = { namespace: 'shop', node: 'n2', hostNetwork: false };
    report = createSyncEvents(
      { tell: () => undefined, stand: (topic, events) => topics.set(topic, events.map(textOf)) },
      {
        node: 'n1',
        snapshot: () => ({ pods: new Map([['u', pod]]) as never, namespaces: new Map(), policies: new Map() }),
        failures: 3,
      },
    );
    pass({ faults: [fault('a'), fault('b', true)] });
    expect(topics.get('faults')).toEqual([expect.stringContaining('shop/b')]);
  });
});

test('a contested hook position causes events while it lasts, with the other program', () => {
  pass({ contested: true }, ['iptables-nft']);
  pass({ contested: true });
  expect(topics.get('contest')).toEqual([
    expect.stringMatching(
      /^Warning HookPositionContested node: .* \(iptables-nft\): traffic that they accept bypasses all policies/,
    ),
  ]);
  pass({});
  expect(topics.get('contest')).toEqual([]);
  expect(told).toEqual(["Normal HookPositionHeld node: no other program inserts rules before the agent's any more"]);
});

test('a kernel that rejects changes repeatedly causes an event, and its end another one', () => {
  const failed = (): void => {
    pass({ outcome: 'failed', error: 'ipset restore: no memory' });
  };
  failed();
  failed();
  pass({});
  failed();
  failed();
  expect(topics.has('failure')).toBe(false);
  failed();
  failed();
  expect(topics.get('failure')).toEqual([
    'Warning PolicyNotInForce node: programming the newest policy failed; the previous rules stay in force: ipset restore: no memory',
  ]);
  pass({});
  expect(topics.get('failure')).toEqual([]);
  expect(told).toEqual(['Normal PolicyInForce node: the newest policy is in force again']);
});
