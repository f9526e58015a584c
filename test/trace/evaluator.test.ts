import { describe, expect, test } from '@jest/globals';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { createEvaluator } from '../../src/trace/evaluator.ts';
import { describePorts } from '../../src/trace/port-set.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const web = pod('shop/web', { app: 'web' }, { ips: ['10.0.0.1', 'fd00::1'] });
const db = pod('shop/db', { app: 'db' }, { ips: ['10.0.0.2', 'fd00::2'], node: 'n2' });

const evaluator = (spec: unknown, node?: string) => {
  const snapshot = cluster({ shop: {} }, [web, db], [policy('shop/p', spec)]);
  return createEvaluator(compileNodePolicy(snapshot, node), snapshot.pods.values());
};

const packet = { source: '10.0.0.1', destination: '10.0.0.2', protocol: 'TCP', port: 80 } as const;

describe('addresses in packets', () => {
  test('the evaluator accepts any spelling of an address', () => {
    const { trace, reach } = evaluator({ podSelector: {} });
    expect(trace({ ...packet, source: 'FD00:0::1', destination: 'fd00:0:0::2' })).toMatchObject({
      packet: { source: 'fd00::1', destination: 'fd00::2' },
      verdict: 'deny',
      ingress: { subject: db },
    });
    expect(describePorts(reach('FD00::0001', 'fd00::2').ports)).toBe('none');
  });

  test('the evaluator refuses invalid addresses', () => {
    const { trace, reach } = evaluator({});
    expect(() => trace({ ...packet, source: 'web' })).toThrow(new TypeError('"web" is not an IP address'));
    expect(() => reach('10.0.0.1', '10.0.0.256')).toThrow(new TypeError('"10.0.0.256" is not an IP address'));
  });

  test('the evaluator refuses addresses of two families', () => {
    expect(() => evaluator({}).reach('10.0.0.1', 'fd00::2')).toThrow(
      new TypeError('10.0.0.1 and fd00::2 are of different IP families'),
    );
  });

  test('the evaluator uses the newest owner of a reused address', () => {
    const gone = pod('shop/gone', { app: 'gone' }, { ips: ['10.0.0.1'], createdAt: -1 });
    const allowGone = { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'gone' } } }] }] };
    const snapshot = cluster({ shop: {} }, [gone, web, db], [policy('shop/p', allowGone)]);
    const { trace } = createEvaluator(compileNodePolicy(snapshot, undefined), snapshot.pods.values());
    expect(trace(packet).verdict).toBe('deny');
  });
});

test('a policy that was compiled for one node leaves the pods of others open', () => {
  const closed = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
  expect(evaluator(closed, 'n1').trace(packet)).toMatchObject({
    egress: { kind: 'denied' },
    ingress: { kind: 'open' },
  });
  expect(evaluator(closed, 'n2').trace(packet)).toMatchObject({
    egress: { kind: 'open' },
    ingress: { kind: 'denied' },
  });
});

describe('reach', () => {
  test.each([
    ['no rules', {}, 'none'],
    ['a rule without limits', { ingress: [{}] }, 'all'],
    [
      'ports of several rules',
      { ingress: [{ ports: [{ port: 80 }] }, { ports: [{ port: 81, endPort: 90 }] }] },
      'TCP 80-90',
    ],
    ['every port of a protocol', { ingress: [{ ports: [{ protocol: 'UDP' }] }] }, 'UDP'],
    [
      'both ends',
      { ingress: [{ ports: [{ port: 1, endPort: 100 }] }], egress: [{ ports: [{ port: 80, endPort: 443 }] }] },
      'TCP 80-100',
    ],
    ['another peer', { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'db' } } }] }] }, 'none'],
    ['a port that nobody declares', { ingress: [{ ports: [{ port: 'http' }] }] }, 'none'],
  ])('the evaluator’s reach is right: %s', (_, spec, expected) => {
    expect(describePorts(evaluator(spec).reach('10.0.0.1', '10.0.0.2').ports)).toBe(expected);
  });
});

test('an allowance names policy, rule, peer and port', () => {
  const from = [{ podSelector: { matchLabels: { app: 'x' } } }, { podSelector: { matchLabels: { app: 'web' } } }];
  const { ingress } = evaluator({
    ingress: [{ ports: [{ port: 1 }] }, { from, ports: [{ port: 2 }, { port: 80 }] }],
  }).trace(packet);
  expect(ingress).toMatchObject({
    kind: 'allowed',
    direction: 'ingress',
    subject: { name: 'db' },
    policies: ['shop/p'],
    by: { policy: 'shop/p', rule: 1, peer: { index: 1 }, port: { index: 1 } },
  });
});

test('a denial names what each rule lacked', () => {
  const { ingress } = evaluator({
    ingress: [
      { ports: [{ port: 81 }, { port: 'http' }, { port: 80, protocol: 'UDP' }] },
      { from: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: [{ port: 80 }] },
    ],
  }).trace(packet);
  expect(ingress.kind === 'denied' && ingress.misses).toMatchObject([
    {
      kind: 'rule',
      policy: 'shop/p',
      rule: 0,
      peer: { index: 0, match: { kind: 'any' } },
      portMisses: [{ kind: 'number' }, { kind: 'undeclared' }, { kind: 'protocol' }],
    },
    { kind: 'rule', policy: 'shop/p', rule: 1, peer: undefined, portMisses: [] },
  ]);
});
