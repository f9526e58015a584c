import { describe, expect, test } from '@jest/globals';
import { createExplainer } from '../../src/explain/explainer.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const HTTP = [{ name: 'http', protocol: 'TCP', port: 8080 }] as const;

/** shop/api has role=admin, and reaches for shop/web, which declares TCP 8080 as http; the namespace bank has team=red. */
const PODS = [
  pod('shop/api', { app: 'api', role: 'admin' }, { ips: ['10.0.0.1', 'fd00::1'] }),
  pod('shop/web', { app: 'web' }, { ips: ['10.0.0.2', 'fd00::2'], ports: HTTP }),
  pod('bank/till', { app: 'till', role: 'client' }, { ips: ['10.0.0.3', 'fd00::3'] }),
];

const ADDRESS: Readonly<Record<string, string>> = { api: '10.0.0.1', web: '10.0.0.2', till: '10.0.0.3' };

interface Asked {
  readonly from?: string;
  readonly to?: string;
  readonly protocol?: 'TCP' | 'UDP';
  readonly port?: number;
}

const explain = (policies: Readonly<Record<string, unknown>>, asked: Asked = {}) => {
  const { from = 'api', to = 'web', protocol = 'TCP', port = 8080 } = asked;
  const snapshot = cluster(
    { shop: { team: 'blue' }, bank: { team: 'red' } },
    PODS,
    Object.entries(policies).map(([key, spec]) => policy(key, spec)),
  );
  return createExplainer(snapshot).explain({
    source: ADDRESS[from] ?? from,
    destination: ADDRESS[to] ?? to,
    protocol,
    port,
  });
};

/** The nearest rule of the end that a policy shop/web with these ingress rules isolates, and the kinds of parts it fails at. */
const nearest = (ingress: readonly unknown[], asked: Asked = {}) => {
  const { ingress: side, verdict } = explain(
    { 'shop/web': { podSelector: { matchLabels: { app: 'web' } }, ingress } },
    asked,
  );
  expect(verdict).toBe('denied');
  return { text: side.nearest?.text, kinds: side.nearest?.fails.map(({ kind }) => kind) };
};

const pods = (matchLabels: object): object => ({ podSelector: { matchLabels } });
const namespaces = (matchLabels: object): object => ({ namespaceSelector: { matchLabels } });

describe('the part of a rule that a refused packet fails at', () => {
  test('the part of a rule that fails is a label that the pod has with another value', () => {
    expect(nearest([{ from: [pods({ role: 'client' })], ports: [{ port: 8080 }] }])).toEqual({
      text: 'shop/web ingress[0] allows role=client on TCP 8080; shop/api has role=admin',
      kinds: ['pod label'],
    });
  });

  test('the part of a rule that fails is a label that the pod does not have', () => {
    expect(nearest([{ from: [pods({ tier: 'front' })] }]).text).toBe(
      'shop/web ingress[0] allows tier=front on every port; shop/api has no label tier',
    );
  });

  test('the part of a rule that fails is an expression that the labels do not meet', () => {
    const expression = (operator: string, values?: readonly string[]) =>
      nearest([
        { from: [{ podSelector: { matchExpressions: [{ key: 'role', operator, ...(values && { values }) }] } }] },
      ]).text;
    expect(expression('NotIn', ['admin'])).toBe(
      'shop/web ingress[0] allows role notin (admin) on every port; shop/api has role=admin',
    );
    expect(expression('DoesNotExist')).toBe('shop/web ingress[0] allows !role on every port; shop/api has role=admin');
  });

  test('the part of a rule that fails is a label of the namespace', () => {
    expect(nearest([{ from: [namespaces({ team: 'green' })] }])).toEqual({
      text: 'shop/web ingress[0] allows all pods in namespaces team=green on every port; namespace shop has team=blue',
      kinds: ['namespace label'],
    });
  });

  test('the part of a rule that fails is both, of the pod and of the namespace, where one peer asks for both', () => {
    const peer = { ...pods({ role: 'client' }), ...namespaces({ team: 'red' }) };
    expect(nearest([{ from: [peer] }])).toEqual({
      text:
        'shop/web ingress[0] allows pods role=client in namespaces team=red on every port; ' +
        'namespace shop has team=blue, and shop/api has role=admin',
      kinds: ['namespace label', 'pod label'],
    });
  });

  test('the part of a rule that fails is the namespace, where a peer without a namespaceSelector means pods of the policy alone', () => {
    expect(nearest([{ from: [pods({ role: 'client' })] }], { from: 'till' })).toEqual({
      text: 'shop/web ingress[0] allows role=client on every port; bank/till is in namespace bank',
      kinds: ['namespace'],
    });
  });

  test('the part of a rule that fails is the ipBlock, or an exception of it', () => {
    const block = { cidr: '203.0.113.0/24', except: ['203.0.113.64/26'] };
    expect(nearest([{ from: [{ ipBlock: block }] }], { from: '198.51.100.1' })).toEqual({
      text: 'shop/web ingress[0] allows 203.0.113.0/24 except 203.0.113.64/26 on every port; 198.51.100.1 is not in it',
      kinds: ['ipBlock'],
    });
    expect(nearest([{ from: [{ ipBlock: block }] }], { from: '203.0.113.70' })).toEqual({
      text:
        'shop/web ingress[0] allows 203.0.113.0/24 except 203.0.113.64/26 on every port; ' +
        '203.0.113.70 is in the exception 203.0.113.64/26',
      kinds: ['ipBlock except'],
    });
  });

  test('the part of a rule that fails is the family of the address, for a block of the other one', () => {
    const block = { ipBlock: { cidr: '10.0.0.0/8' } };
    expect(nearest([{ from: [block] }], { from: 'fd00::1', to: 'fd00::2' }).text).toBe(
      'shop/web ingress[0] allows 10.0.0.0/8 on every port; fd00::1 is an IPv6 address',
    );
  });

  test('the part of a rule that fails is that the address is no pod, for a rule of selectors', () => {
    expect(nearest([{ from: [pods({ role: 'client' })] }], { from: '203.0.113.7' })).toEqual({
      text: 'shop/web ingress[0] allows role=client on every port; 203.0.113.7 is the address of no pod',
      kinds: ['pod'],
    });
  });

  test('the part of a rule that fails is the port, the range of ports, or the protocol', () => {
    expect(nearest([{ ports: [{ port: 80 }] }])).toEqual({
      text: 'shop/web ingress[0] allows anyone on TCP 80; the packet goes to TCP 8080',
      kinds: ['port'],
    });
    expect(nearest([{ ports: [{ port: 80, endPort: 90 }] }])).toEqual({
      text: 'shop/web ingress[0] allows anyone on TCP 80-90; the packet goes to TCP 8080',
      kinds: ['endPort'],
    });
    expect(nearest([{ ports: [{ port: 8080 }] }], { protocol: 'UDP' })).toEqual({
      text: 'shop/web ingress[0] allows anyone on TCP 8080; the packet goes to UDP 8080',
      kinds: ['protocol'],
    });
  });

  test('the part of a rule that fails is a named port that stands for another number, or that the destination does not declare', () => {
    expect(nearest([{ ports: [{ port: 'http' }] }], { port: 9090 })).toEqual({
      text: 'shop/web ingress[0] allows anyone on TCP port "http"; on shop/web it is TCP 8080, the packet goes to 9090',
      kinds: ['named port'],
    });
    expect(nearest([{ ports: [{ port: 'metrics' }] }]).text).toBe(
      'shop/web ingress[0] allows anyone on TCP port "metrics"; shop/web declares no TCP port "metrics"',
    );
  });

  test('the part of a rule that fails is of the peer and of the port, where both are missing', () => {
    expect(nearest([{ from: [pods({ role: 'client' })], ports: [{ port: 80 }] }]).kinds).toEqual(['pod label', 'port']);
  });

  test('the part of a rule that fails is that of the entry that comes closest, where a rule has several', () => {
    const peers = [{ ...pods({ role: 'client' }), ...namespaces({ team: 'red' }) }, pods({ role: 'client' })];
    expect(nearest([{ from: peers }]).kinds).toEqual(['pod label']);
    expect(nearest([{ ports: [{ protocol: 'UDP', port: 53 }, { port: 80 }] }]).kinds).toEqual(['port']);
  });
});

describe('an end of a connection', () => {
  test('explain names all rules of an end in order, those that allow, and the nearest of the others', () => {
    const { ingress } = explain({
      'shop/a': { podSelector: {}, ingress: [{ from: [pods({ role: 'client' })] }, { ports: [{ port: 80 }] }] },
      'shop/b': { podSelector: {}, policyTypes: ['Ingress'] },
      'shop/c': { podSelector: { matchLabels: { app: 'api' } }, ingress: [{}] },
    });
    expect(ingress.state).toBe('denied');
    expect(ingress.policies.map(({ policy: key, rules }) => [key, rules.map(({ matches }) => matches)])).toEqual([
      ['shop/a', [false, false]],
      ['shop/b', []],
    ]);
    expect(ingress.policies[1]?.allowsNothing).toBe('it has no ingress rules');
    expect(ingress.nearest?.field).toBe('spec.ingress[1]');
    expect(ingress.text).toBe(
      'ingress of shop/web is isolated by shop/a, shop/b; nearest: shop/a ingress[1] allows anyone on TCP 80; the packet goes to TCP 8080',
    );
  });

  test('explain names the rule that allows a connection', () => {
    const { verdict, ingress } = explain({ 'shop/a': { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }, {}] } });
    expect([verdict, ingress.state]).toEqual(['allowed', 'allowed']);
    expect(ingress.text).toContain('shop/a ingress[1] allows anyone on every port');
  });

  test('an end is open if no policy isolates it or it is no pod', () => {
    const { egress, ingress } = explain({}, { to: '203.0.113.7' });
    expect([egress.text, ingress.text]).toEqual([
      'egress of shop/api is open: no policy isolates it',
      'ingress of 203.0.113.7 is open: it is no pod, and policies isolate pods alone',
    ]);
  });

  test('explain describes an end that refuses egress as one that refuses ingress', () => {
    const { egress, ingress } = explain({
      'shop/out': {
        podSelector: { matchLabels: { app: 'api' } },
        policyTypes: ['Egress'],
        egress: [{ to: [pods({ app: 'db' })] }],
      },
    });
    expect([egress.state, ingress.state]).toEqual(['denied', 'open']);
    expect(egress.nearest?.text).toBe('shop/out egress[0] allows app=db on every port; shop/web has app=web');
  });

  test('an end that only policies without rules isolate has no nearest rule', () => {
    const { ingress } = explain({ 'shop/deny': { podSelector: {}, policyTypes: ['Ingress'] } });
    expect(ingress.nearest).toBeUndefined();
    expect(ingress.text).toBe('ingress of shop/web is isolated by shop/deny; shop/deny: it has no ingress rules');
  });

  test('explain names the fault of an invalid policy that isolates an end', () => {
    const { ingress } = explain({ 'shop/bad': { podSelector: {}, ingress: [{ ports: [{ port: 0 }] }] } });
    expect(ingress.policies[0]?.allowsNothing).toBe(
      'it cannot be read: spec.ingress[0].ports[0].port: 0 is not a port from 1 to 65535',
    );
  });

  test('no selector selects an end whose address another pod claims as well', () => {
    const twice = [...PODS, pod('shop/other', { role: 'client' }, { ips: ['10.0.0.1'] })];
    const snapshot = cluster({ shop: {} }, twice, [
      policy('shop/web', {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: [{ from: [pods({ role: 'client' })] }],
      }),
    ]);
    const { ingress } = createExplainer(snapshot).explain({
      source: '10.0.0.1',
      destination: '10.0.0.2',
      protocol: 'TCP',
      port: 80,
    });
    expect(ingress.nearest?.text).toContain('10.0.0.1 may be the address of more than one pod');
  });

  test('policies do not apply if a pod reaches its own node', () => {
    const snapshot = cluster(
      { shop: {} },
      [pod('shop/web', {}, { ips: ['10.0.0.2'], hostIPs: ['192.0.2.1'] })],
      [policy('shop/deny', { podSelector: {}, policyTypes: ['Ingress'] })],
    );
    const { verdict, exemption } = createExplainer(snapshot).explain({
      source: '192.0.2.1',
      destination: '10.0.0.2',
      protocol: 'TCP',
      port: 80,
    });
    expect([verdict, exemption]).toEqual(['allowed', '192.0.2.1 is the node of shop/web']);
  });
});
