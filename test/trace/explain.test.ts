import { describe, expect, test } from '@jest/globals';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { createEvaluator } from '../../src/trace/evaluator.ts';
import { explain } from '../../src/trace/explain.ts';
import type { PacketProtocol } from '../../src/trace/packet.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const http = { ports: [{ name: 'http', protocol: 'TCP' as const, port: 8080 }] };
const web = pod('shop/web', { app: 'web' }, { ips: ['10.0.0.1', 'fd00::1'], hostIPs: ['10.0.9.1'] });
const db = pod('shop/db', { app: 'db' }, { ips: ['10.0.0.2', 'fd00::2'], hostIPs: ['10.0.9.2'], ...http });
const host = pod('shop/host', { app: 'web' }, { ips: ['10.0.9.2'], hostIPs: ['10.0.9.2'], hostNetwork: true });
const PODS: readonly PodEndpoint[] = [web, db, host];

const toDb = { podSelector: { matchLabels: { app: 'db' } } };
const fromWeb = { podSelector: { matchLabels: { app: 'web' } } };

/** Returns the verdict, and why, on a packet from one address to another. */
const why = (
  policies: readonly PolicyObject[],
  target: `${PacketProtocol} ${number}` = 'TCP 80',
  source = '10.0.0.1',
  destination = '10.0.0.2',
): readonly string[] => {
  const snapshot = cluster({ shop: {}, bank: {} }, PODS, policies);
  const [protocol, port] = target.split(' ') as [PacketProtocol, string];
  const evaluator = createEvaluator(compileNodePolicy(snapshot, undefined), PODS);
  const trace = evaluator.trace({ source, destination, protocol, port: Number(port) });
  return [trace.verdict, ...explain(trace)];
};

describe('explanations of allowed packets', () => {
  test('explain says that no policy isolates either end', () => {
    expect(why([])).toEqual([
      'allow',
      'open: no policy isolates egress of shop/web',
      'open: no policy isolates ingress of shop/db',
    ]);
  });

  test('explain names the rule that allows, with peer and port', () => {
    const from = [{ podSelector: { matchLabels: { app: 'x' } } }, fromWeb];
    const allow = policy('shop/allow-web', { ...toDb, ingress: [{ from, ports: [{ port: 443 }, { port: 80 }] }] });
    expect(why([allow])).toEqual([
      'allow',
      'open: no policy isolates egress of shop/web',
      'because: policy shop/allow-web allows ingress from pods app=web in namespace shop to TCP 80 (spec.ingress[0].from[1], spec.ingress[0].ports[1])',
    ]);
  });

  test('explain names the rules of both ends if both are isolated', () => {
    const policies = [
      policy('shop/in', {
        ...toDb,
        ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/24', except: ['10.0.0.9/32'] } }] }],
      }),
      policy('shop/out', {
        podSelector: fromWeb.podSelector,
        egress: [{ ports: [{ protocol: 'TCP', port: 80, endPort: 90 }] }],
      }),
    ];
    expect(why(policies)).toEqual([
      'allow',
      'because: policy shop/out allows egress to anyone at TCP 80-90 (spec.egress[0].ports[0])',
      'because: policy shop/in allows ingress from 10.0.0.0/24 except 10.0.0.9/32 to every port (spec.ingress[0].from[0])',
    ]);
  });

  test('explain names a rule without restrictions', () => {
    expect(why([policy('shop/open', { ...toDb, ingress: [{}] })], 'other 0').at(-1)).toBe(
      'because: policy shop/open allows ingress from anyone to every port (spec.ingress[0])',
    );
  });

  test('explain names a named port that the destination declares', () => {
    const named = policy('shop/named', { ...toDb, ingress: [{ ports: [{ port: 'http' }] }] });
    expect(why([named], 'TCP 8080').at(-1)).toBe(
      'because: policy shop/named allows ingress from anyone to TCP port "http" (spec.ingress[0].ports[0])',
    );
  });
});

describe('explanations of exempt packets', () => {
  const closed = policy('shop/deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });

  test('explain says that a pod always reaches itself', () => {
    expect(why([closed], 'TCP 80', '10.0.0.1', '10.0.0.1')).toEqual([
      'allow',
      'always allowed: shop/web may reach itself',
    ]);
  });

  test('explain says that a pod and its own node always reach each other', () => {
    const reason = 'always allowed: 10.0.9.1 is the node of shop/web';
    expect(why([closed], 'TCP 80', '10.0.9.1', '10.0.0.1')).toEqual(['allow', reason]);
    expect(why([closed], 'TCP 80', '10.0.0.1', '10.0.9.1')).toEqual(['allow', reason]);
  });

  test('explain does not exempt another node, even if a selected pod is on its network', () => {
    const allow = policy('shop/allow-web', { podSelector: {}, ingress: [{ from: [fromWeb] }] });
    expect(why([allow], 'TCP 80', '10.0.9.2', '10.0.0.1')).toEqual([
      'deny',
      'denied: ingress of shop/web is isolated by shop/allow-web; nearest: shop/allow-web spec.ingress[0] would allow TCP 80, but only from pods app=web in namespace shop',
    ]);
  });
});

describe('explanations of denied packets', () => {
  const denyAll = policy('shop/deny-all', { podSelector: {} });

  test('explain says that policies have no rules', () => {
    expect(why([denyAll])).toEqual([
      'deny',
      'denied: ingress of shop/db is isolated by shop/deny-all; nearest: shop/deny-all has no ingress rules',
    ]);
  });

  test('explain says that the port is missing if the source would match', () => {
    const allow = policy('shop/db', { ...toDb, ingress: [{ from: [fromWeb], ports: [{ port: 3306 }] }] });
    expect(why([denyAll, allow])).toEqual([
      'deny',
      'denied: ingress of shop/db is isolated by shop/db, shop/deny-all; nearest: shop/db spec.ingress[0] would allow this source, but only TCP 3306',
    ]);
  });

  test('explain says that the peer is missing if the port would match', () => {
    const allow = policy('shop/db', { ...toDb, ingress: [{ from: [toDb], ports: [{ port: 80 }] }] });
    expect(why([allow]).at(-1)).toBe(
      'denied: ingress of shop/db is isolated by shop/db; nearest: shop/db spec.ingress[0] would allow TCP 80, but only from pods app=db in namespace shop',
    );
  });

  test('explain says that both are missing', () => {
    const allow = policy('shop/db', { ...toDb, ingress: [{ from: [toDb], ports: [{ port: 81, protocol: 'UDP' }] }] });
    expect(why([allow]).at(-1)).toBe(
      'denied: ingress of shop/db is isolated by shop/db; nearest: shop/db spec.ingress[0] allows only from pods app=db in namespace shop, only UDP 81',
    );
  });

  test('explain says that the destination does not declare the port', () => {
    const allow = policy('shop/db', { ...toDb, ingress: [{ ports: [{ port: 'metrics' }] }] });
    expect(why([allow]).at(-1)).toBe(
      'denied: ingress of shop/db is isolated by shop/db; nearest: shop/db spec.ingress[0] would allow this source, but only TCP port "metrics", which the destination does not declare',
    );
  });

  test('explain names the nearest of several rules: by port, then name, then protocol, then peer', () => {
    const rules = [
      { from: [toDb], ports: [{ port: 80 }] },
      { ports: [{ port: 80, protocol: 'UDP' }] },
      { ports: [{ port: 'metrics' }] },
      { ports: [{ port: 81 }] },
    ];
    const nearest = (count: number) =>
      why([policy('shop/db', { ...toDb, ingress: rules.slice(0, count) })])
        .at(-1)
        ?.match(/spec\.ingress\[\d\]/)?.[0];
    expect([1, 2, 3, 4].map(nearest)).toEqual([
      'spec.ingress[0]',
      'spec.ingress[1]',
      'spec.ingress[2]',
      'spec.ingress[3]',
    ]);
  });

  test('explain says that a policy is invalid', () => {
    const broken = policy('shop/broken', { ...toDb, ingress: [{ ports: [{ port: 0 }] }] });
    expect(why([broken]).at(-1)).toBe(
      'denied: ingress of shop/db is isolated by shop/broken; nearest: shop/broken cannot be read and so allows nothing (spec.ingress[0].ports[0].port: 0 is not a port from 1 to 65535)',
    );
  });

  test('explain says that an end is closed', () => {
    const closed: readonly PodEndpoint[] = [{ ...web, closed: 'unknown' }, db];
    const evaluator = createEvaluator(compileNodePolicy(cluster({ shop: {} }, closed, []), undefined), closed);
    const trace = evaluator.trace({ source: '10.0.0.1', destination: '10.0.0.2', protocol: 'TCP', port: 80 });
    expect([trace.verdict, ...explain(trace)]).toEqual([
      'deny',
      'denied: egress of shop/web is closed: its sandbox lives but the API server does not know its pod',
    ]);
    expect(evaluator.reach('10.0.0.2', '10.0.0.1').ports.TCP).toEqual([]);
  });

  test('explain says that one of two pods that may have the address denies', () => {
    const both = [web, db, pod('shop/heir', { app: 'heir' }, { ips: ['10.0.0.2'] })];
    const allow = policy('shop/allow', { ...toDb, ingress: [{}] });
    const deny = policy('shop/deny', { podSelector: { matchLabels: { app: 'heir' } } });
    const trace = (policies: readonly PolicyObject[]) =>
      createEvaluator(compileNodePolicy(cluster({ shop: {} }, both, policies), undefined), both).trace({
        source: '10.0.0.1',
        destination: '10.0.0.2',
        protocol: 'TCP',
        port: 80,
      });
    expect(trace([allow]).verdict).toBe('allow');
    expect(explain(trace([allow, deny]))).toEqual([
      'denied: ingress of shop/heir is isolated by shop/deny; nearest: shop/deny has no ingress rules',
    ]);
  });

  test('explain covers both denying ends, and leaves out an end that allows', () => {
    const out = policy('shop/out', { podSelector: fromWeb.podSelector, policyTypes: ['Egress'] });
    expect(why([denyAll, out])).toEqual([
      'deny',
      'denied: egress of shop/web is isolated by shop/out; nearest: shop/out has no egress rules',
      'denied: ingress of shop/db is isolated by shop/deny-all; nearest: shop/deny-all has no ingress rules',
    ]);
  });

  test('explain covers only egress for a destination outside', () => {
    const out = policy('shop/out', {
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
      policyTypes: ['Egress'],
    });
    expect(why([out], 'TCP 443', '10.0.0.1', '1.1.1.1')).toEqual([
      'deny',
      'denied: egress of shop/web is isolated by shop/out; nearest: shop/out spec.egress[0] would allow TCP 443, but only to 10.0.0.0/8',
    ]);
  });

  test('explain shows the beginning of long lists', () => {
    const ports = [1, 2, 3, 4, 5, 6].map((port) => ({ port }));
    expect(why([policy('shop/db', { ...toDb, ingress: [{ ports }] })]).at(-1)).toContain(
      'but only TCP 1, TCP 2, TCP 3, TCP 4 and 2 more',
    );
  });
});
