import { describe, expect, test } from '@jest/globals';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { createPolicyCompiler, type PolicyCompiler } from '../../src/policy/incremental/policy-compiler.ts';
import { type Limits, usageOf } from '../../src/policy/limits.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

/** Limits of the policies' usage of a node, and what happens beyond them. */

const ENDLESS = { rules: 1e9, sets: 1e9, members: 1e9, memory: 1e12 };
const limitsOf = (limits: Partial<Limits>): Limits => ({
  policy: ENDLESS,
  namespace: ENDLESS,
  node: ENDLESS,
  ...limits,
});

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);

/** Needs one rule more than these. */
const rules = (key: string, count: number, selector: object = {}): PolicyObject =>
  policy(key, {
    podSelector: selector,
    ingress: [{ from: numbers(count).map((at) => ({ podSelector: { matchLabels: { app: `a${at}` } } })) }],
  });

const PODS = [
  pod('x/one', { app: 'one' }, { ips: ['10.0.0.1'] }),
  pod('x/two', { app: 'two' }, { ips: ['10.0.0.2'] }),
  pod('y/one', { app: 'one' }, { ips: ['10.0.0.3'] }),
];

const stateOf = (...policies: readonly PolicyObject[]): ClusterSnapshot => cluster({ x: {}, y: {} }, PODS, policies);

const compile = (limits: Limits, ...policies: readonly PolicyObject[]): PolicyCompiler => {
  const compiler = createPolicyCompiler('n1', limits);
  compiler.update(stateOf(...policies), 'everything');
  return compiler;
};

const over = (compiler: PolicyCompiler): readonly string[] => compiler.faults().map((fault) => fault.policy);

/** Returns the allowed peers by pod. */
const allowed = (compiler: PolicyCompiler): Readonly<Record<string, number>> =>
  Object.fromEntries(
    compiler
      .policy()
      .isolations.flatMap(({ pods, rules: all }) =>
        pods.map(({ uid }) => [uid, all.reduce((sum, { peers }) => sum + peers.length, 0)] as const),
      ),
  );

describe('policies beyond a limit', () => {
  test('a policy beyond a limit isolates its pods and allows nothing, and its fault names need, limit and advice', () => {
    const compiler = compile(limitsOf({ policy: { ...ENDLESS, rules: 10 } }), rules('x/large', 10), rules('y/fits', 9));
    expect(compiler.faults()).toEqual([
      {
        policy: 'x/large',
        field: ['spec'],
        message:
          'it needs 11 rules on this node, more than the 10 that one policy may ask of a node: use fewer peers or ports, or ranges',
        isOfNode: true,
      },
    ]);
    expect(allowed(compiler)).toEqual({ 'x/one': 0, 'x/two': 0, 'y/one': 9 });
  });

  test('a policy counts once for each group of pods that it is in', () => {
    const limits = limitsOf({ policy: { ...ENDLESS, rules: 10 } });
    const split = rules('x/split', 0, { matchLabels: { app: 'one' } });
    expect(over(compile(limits, rules('x/p', 5)))).toEqual([]);
    expect(over(compile(limits, rules('x/p', 5), split))).toEqual(['x/p']);
  });

  test('a policy may exceed the limit of sets, or of their members', () => {
    const everyPod = policy('x/p', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] });
    const blocks = policy('x/q', {
      podSelector: {},
      ingress: [{ from: numbers(30).map((at) => ({ ipBlock: { cidr: `10.${at}.0.0/16` } })) }],
    });
    const tight = limitsOf({ policy: { ...ENDLESS, sets: 3 } });
    expect(over(compile(tight, rules('x/p', 4)))).toEqual(['x/p']);
    expect(over(compile(tight, rules('x/p', 3)))).toEqual([]);
    // Four times all pods of the cluster always fit: twelve.
    const members = limitsOf({ policy: { ...ENDLESS, members: 20 } });
    expect(over(compile(members, everyPod, blocks))).toEqual(['x/q']);
    const memory = (bytes: number): Limits => limitsOf({ policy: { ...ENDLESS, memory: bytes } });
    // Four times all pods again.
    expect(over(compile(memory(usageOf(2, 1, 0).memory), blocks))).toEqual(['x/q']);
    expect(over(compile(memory(usageOf(2, 1, 30).memory), blocks))).toEqual([]);
  });
});

describe('policies of a namespace', () => {
  const LIMITS = limitsOf({ namespace: { ...ENDLESS, rules: 20 } });

  test('policies of a namespace are accepted from the smallest up, equal ones by name, in whatever order they came', () => {
    const all = [rules('x/b', 8), rules('x/a', 8), rules('x/c', 2), rules('x/large', 18), rules('y/other', 18)];
    const expected = ['x/b', 'x/large'];
    expect(over(compile(LIMITS, ...all))).toEqual(expected);
    const compiler = createPolicyCompiler('n1', LIMITS);
    compiler.update(stateOf(), 'everything');
    for (const at of numbers(all.length)) {
      compiler.update(stateOf(...all.slice(0, at + 1)), {
        pods: new Set(),
        namespaces: new Set(),
        networkpolicies: new Set([all[at]?.key ?? '']),
      });
    }
    expect(over(compiler)).toEqual(expected);
    expect(allowed(compiler)).toEqual(allowed(compile(LIMITS, ...all)));
  });

  test('policies beyond the namespace’s limit are accepted once others are gone', () => {
    const [small, large] = [rules('x/a', 8), rules('x/b', 15)];
    const compiler = compile(LIMITS, small, large);
    expect(allowed(compiler)['x/one']).toBe(8);
    compiler.update(stateOf(large), { pods: new Set(), namespaces: new Set(), networkpolicies: new Set([small.key]) });
    expect(over(compiler)).toEqual([]);
    expect(allowed(compiler)['x/one']).toBe(15);
  });

  test('policies of a namespace count a shared set once', () => {
    const same = (name: string): PolicyObject =>
      policy(name, { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] });
    const limits = limitsOf({ namespace: { ...ENDLESS, sets: 1 } });
    expect(over(compile(limits, same('x/a'), same('x/b')))).toEqual([]);
    expect(over(compile(limits, same('x/a'), rules('x/b', 1)))).toEqual(['x/b']);
  });
});

describe('namespaces of a node', () => {
  const LIMITS = limitsOf({ node: { ...ENDLESS, rules: 20 } });

  test('namespaces share the node’s limit: those that use most are reduced, the others keep theirs', () => {
    const compiler = compile(LIMITS, rules('x/small', 1), rules('x/large', 16), rules('y/other', 5));
    expect(over(compiler)).toEqual(['x/large']);
    expect(compiler.faults()[0]?.message).toBe(
      'with it the namespace needs 19 rules on this node, more than the 14 that are the share of one namespace where the node is full: use fewer peers or ports, or ranges',
    );
    expect(allowed(compiler)).toEqual({ 'x/one': 1, 'x/two': 1, 'y/one': 5 });
  });

  test('namespaces get their share back when another one needs less', () => {
    const [large, other] = [rules('x/large', 16), rules('y/other', 5)];
    const compiler = compile(LIMITS, large, other);
    expect(over(compiler)).toEqual(['x/large']);
    compiler.update(stateOf(large), { pods: new Set(), namespaces: new Set(), networkpolicies: new Set([other.key]) });
    expect(over(compiler)).toEqual([]);
    expect(allowed(compiler)['x/one']).toBe(16);
  });
});

test('selectors that must be compared with very many pods are searched in several updates, closed until then', () => {
  const pods = numbers(3_000).map((at) =>
    pod(`z/p${at}`, { b: '' }, { node: 'n2', ips: [`10.1.${at >> 8}.${at & 255}`] }),
  );
  const all = numbers(5).map((of) =>
    policy(`x/p${of}`, {
      podSelector: {},
      ingress: [
        {
          from: numbers(50).map((at) => ({
            namespaceSelector: {},
            podSelector: {
              matchExpressions: [
                { key: `k${of}-${at}`, operator: 'DoesNotExist' },
                { key: 'b', operator: 'DoesNotExist' },
              ],
            },
          })),
        },
      ],
    }),
  );
  const compiler = createPolicyCompiler('n1');
  compiler.update(cluster({ x: {}, z: {} }, [...PODS, ...pods], all), 'everything');
  let updates = 0;
  const none = { pods: new Set<string>(), namespaces: new Set<string>(), networkpolicies: new Set<string>() };
  while (compiler.isUnfinished() && updates < 20) {
    compiler.update(cluster({ x: {}, z: {} }, [...PODS, ...pods], all), none);
    updates += 1;
  }
  expect(updates).toBeGreaterThan(0);
  expect(compiler.isUnfinished()).toBe(false);
  expect(compiler.faults()).toEqual([]);
  expect(allowed(compiler)['x/one']).toBe(250);
});
