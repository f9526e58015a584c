import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import { parsePolicy } from '../../src/policy/parse-policy.ts';
import { MAX_RULES, ruleSize } from '../../src/policy/limits.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at);
const peers = (count: number): readonly unknown[] =>
  numbers(count).map((at) => ({ podSelector: { matchLabels: { app: `a${at}` } } }));
const ports = (count: number): readonly unknown[] => numbers(count).map((at) => ({ port: 1 + 2 * at }));

describe('policies whose peers and ports multiply', () => {
  test('a policy with too many combinations is refused: its pods are isolated and it allows nothing', () => {
    const bomb = policy('x/bomb', { podSelector: {}, ingress: [{ from: peers(9_000), ports: ports(9_000) }] });
    const { faults, rules, directions } = parsePolicy(bomb);
    expect(faults).toEqual([
      {
        policy: 'x/bomb',
        field: ['spec', 'ingress'],
        message: `peers times ports are 11574000 rules, more than ${MAX_RULES}: use fewer, or ranges`,
        isTooLarge: true,
      },
    ]);
    expect(rules).toEqual({ ingress: [], egress: [] });
    expect(directions).toEqual(['ingress']);
    const node = compileNodePolicy(cluster({ x: {} }, [pod('x/a', {}, { ips: ['10.0.0.1'] })], [bomb]), 'n1');
    expect(node.isolations.map(({ rules: allowed }) => allowed)).toEqual([[]]);
  });

  test.each([
    ['many blocks', { from: numbers(20_000).map((at) => ({ ipBlock: { cidr: `10.${at >> 8}.${at & 255}.0/24` } })) }],
    ['many ports', { ports: ports(30_000) }],
    ['many peers with some ports', { from: peers(300), ports: ports(100) }],
  ])('a policy with few enough combinations is accepted: %s', (_, rule) => {
    expect(parsePolicy(policy('x/large', { podSelector: {}, ingress: [rule] })).faults).toEqual([]);
  });

  test('a policy needs no more rules than were predicted', () => {
    const sizes = fc.record({
      peers: fc.nat(4),
      blocks: fc.nat(3),
      pierced: fc.nat(3),
      tcp: fc.nat(40),
      udp: fc.nat(20),
    });
    fc.assert(
      fc.property(sizes, ({ peers: selected, blocks, pierced, tcp, udp }) => {
        const to = [
          ...peers(selected),
          ...numbers(blocks).map((at) => ({ ipBlock: { cidr: `10.${at}.0.0/16` } })),
          ...numbers(pierced).map((at) => ({ ipBlock: { cidr: `11.${at}.0.0/16`, except: [`11.${at}.1.0/24`] } })),
        ];
        const given = [
          ...ports(tcp),
          ...numbers(udp).map((at) => ({ protocol: 'UDP', port: 1 + 5 * at, endPort: 2 + 5 * at })),
          { port: 'web' },
        ];
        const object = policy('x/p', { podSelector: {}, policyTypes: ['Egress'], egress: [{ to, ports: given }] });
        const parsed = parsePolicy(object);
        const snapshot = cluster({ x: {} }, [pod('x/a', {}, { ips: ['10.0.0.1'] })], [object]);
        const { chains } = compileProgram(compileNodePolicy(snapshot, 'n1')).ipv4;
        const [chain] = [...chains.values()].filter(({ name }) => name.startsWith('PORTCULLIS-E-'));
        const allowing = (chain?.rules ?? []).filter(({ verdict }) => verdict.kind === 'return').length;
        expect(allowing).toBeLessThanOrEqual(parsed.rules.egress.reduce((sum, rule) => sum + ruleSize(rule), 0));
      }),
      { numRuns: 300 },
    );
  });
});

test('of very many faults the first ones are kept, each truncated to a readable length', () => {
  const from = numbers(5_000).map((at) => ({ [`${'x'.repeat(5_000)}${at}`]: {} }));
  const labels = { ['y'.repeat(5_000)]: 'z' };
  const { faults, podSelector } = parsePolicy(
    policy('x/p', { podSelector: { matchLabels: labels }, ingress: [{ from }] }),
  );
  expect(faults).toHaveLength(20);
  for (const { message } of faults) expect(message.length).toBeLessThanOrEqual(501);
  expect(podSelector).toEqual({ requirements: [] });
});

test('an invalid podSelector selects everything, even after many other faults', () => {
  const unknown = Object.fromEntries(numbers(100).map((at) => [`unknown${at}`, 1]));
  const { podSelector } = parsePolicy(
    policy('x/p', { ...unknown, podSelector: { matchLabels: { app: 'a', '-bad-': 'b' } } }),
  );
  expect(podSelector).toEqual({ requirements: [] });
});

test('a selector with too many values is a fault, which is reported at once', () => {
  const listed = (count: number): PolicyObject =>
    policy('x/p', {
      podSelector: {},
      ingress: [
        {
          from: [
            {
              podSelector: {
                matchExpressions: [{ key: 'app', operator: 'In', values: numbers(count).map((at) => `v${at}`) }],
              },
            },
          ],
        },
      ],
    });
  expect(parsePolicy(listed(4_096)).faults).toEqual([]);
  expect(parsePolicy(listed(4_097)).faults).toMatchObject([
    { message: 'has 4097 values, more than 4096: use labels that say the same' },
  ]);
});
