import { describe, expect, test } from '@jest/globals';
import type { Connection, Opening } from '../../src/model/connection.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { createConnectionJudge, openingOf } from '../../src/trace/connection-judge.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const WEB = '10.1.1.10';
const API = '10.1.1.11';
const STRANGER = '203.0.113.7';

const pods = [
  pod('shop/web', { app: 'web' }, { ips: [WEB, 'fd00::10'], hostIPs: ['172.18.0.3'] }),
  pod('shop/api', { app: 'api' }, { ips: [API], node: 'n2', ports: [{ name: 'dns', protocol: 'UDP', port: 5353 }] }),
];

const judgeBy = (spec: object, all = pods) =>
  createConnectionJudge(compileNodePolicy(cluster({ shop: {} }, all, [policy('shop/p', spec)]), 'n1'));

interface Ends {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol?: number;
  /** The requested destination, if DNAT replaced its address and port. */
  readonly service?: { readonly ip: string; readonly port: number };
  /** The client as the server saw it, if SNAT replaced its address. */
  readonly seenAs?: string;
}

const connection = ({ from, to, port, protocol = 6, service, seenAs }: Ends): Connection => ({
  family: from.includes(':') ? 'ipv6' : 'ipv4',
  protocol,
  original: {
    source: from,
    sourcePort: 40_000,
    destination: service?.ip ?? to,
    destinationPort: service?.port ?? port,
    icmp: undefined,
    zone: 0,
  },
  reply: {
    source: to,
    sourcePort: port,
    destination: seenAs ?? from,
    destinationPort: 40_000,
    icmp: undefined,
    zone: 0,
  },
  zone: 0,
});

const opened = (ends: Ends): Opening => openingOf(connection(ends));

const FROM_API_TO_80 = {
  podSelector: { matchLabels: { app: 'web' } },
  ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ port: 80 }] }],
};

describe('ingress', () => {
  const judge = judgeBy(FROM_API_TO_80);

  test('the judge is concerned with connections to an isolated address', () => {
    expect(judge.concerns(STRANGER, WEB)).toBe(true);
    expect(judge.concerns(STRANGER, 'fd00::10')).toBe(true);
    expect(judge.concerns(WEB, STRANGER)).toBe(false);
    expect(judge.concerns(STRANGER, API)).toBe(false);
  });

  test.each([
    [true, { from: API, to: WEB, port: 80 }],
    [false, { from: API, to: WEB, port: 81 }],
    [false, { from: API, to: WEB, port: 80, protocol: 17 }],
    [false, { from: API, to: WEB, port: 80, protocol: 132 }],
    [false, { from: STRANGER, to: WEB, port: 80 }],
    [false, { from: API, to: WEB, port: 0, protocol: 1 }],
    [true, { from: WEB, to: STRANGER, port: 80 }],
    // A pod and itself, a pod and its node.
    [true, { from: WEB, to: WEB, port: 81 }],
    [true, { from: '172.18.0.3', to: WEB, port: 81 }],
    // The Service's port is not the pod's, and SNAT hides nothing.
    [true, { from: API, to: WEB, port: 80, service: { ip: '10.96.0.1', port: 8080 }, seenAs: '172.18.0.3' }],
    [false, { from: API, to: WEB, port: 8080, service: { ip: '10.96.0.1', port: 80 } }],
    [false, { from: STRANGER, to: WEB, port: 80, seenAs: API }],
  ])('the judge decides %s: %j', (allowed, ends) => {
    expect(judge.allows(opened(ends))).toBe(allowed);
    // Cached, not forgotten.
    expect(judge.allows(opened(ends))).toBe(allowed);
  });
});

describe('egress', () => {
  const judge = judgeBy({
    podSelector: { matchLabels: { app: 'web' } },
    policyTypes: ['Egress'],
    egress: [{ ports: [{ port: 'dns', protocol: 'UDP' }] }],
  });

  test('the judge is concerned with connections from an isolated address', () => {
    expect(judge.concerns(WEB, STRANGER)).toBe(true);
    expect(judge.concerns(STRANGER, WEB)).toBe(false);
  });

  test('the judge knows the named ports of pods that no policy selects', () => {
    const service = { ip: '10.96.0.10', port: 53 };
    expect(judge.allows(opened({ from: WEB, to: API, port: 5353, protocol: 17, service }))).toBe(true);
    expect(judge.allows(opened({ from: WEB, to: API, port: 53, protocol: 17 }))).toBe(false);
    expect(judge.allows(opened({ from: WEB, to: STRANGER, port: 5353, protocol: 17 }))).toBe(false);
  });
});

test('the judge decides by the pod that owns the address now', () => {
  const reused = [
    ...pods,
    pod('shop/gone', { app: 'old' }, { ips: ['10.1.1.12'], createdAt: 1, isTerminating: true }),
    pod('shop/heir', { app: 'web' }, { ips: ['10.1.1.12'], createdAt: 2 }),
  ];
  const stale = connection({ from: STRANGER, to: '10.1.1.12', port: 80 });
  expect(judgeBy(FROM_API_TO_80, reused).allows(openingOf(stale))).toBe(false);
  expect(
    judgeBy({ ...FROM_API_TO_80, podSelector: { matchLabels: { app: 'old' } } }, reused).allows(openingOf(stale)),
  ).toBe(true);
});
