import { beforeEach, describe, expect, test } from '@jest/globals';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { type PolicyKey, type PolicyObject, policyKey } from '../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { type Cidr, parseCidr } from '../../src/policy/cidr.ts';
import type { GateOptions } from '../../src/program/gate.ts';
import { createNodeCompiler, type NodeCompiler } from '../../src/reconcile/node-compiler.ts';
import { type Plan, planDelta } from '../../src/render/plan.ts';

const RANGES = ['10.244.1.0/24', 'fd00:10:244:1::/64'];

let pods: Map<string, PodEndpoint>;
let policies: Map<PolicyKey, PolicyObject>;
let ranges: readonly Cidr[];
let compiler: NodeCompiler;

const begin = (scope: GateOptions['scope']): Plan => {
  compiler = createNodeCompiler('n1', { gate: { scope, ranges: () => ranges } });
  return step();
};

const step = (): Plan => {
  const snapshot: ClusterSnapshot = {
    pods,
    namespaces: new Map([['shop', { name: 'shop', labels: new Map() }]]),
    policies,
  };
  return planDelta(compiler.update(snapshot, 'everything'), IP_FAMILIES);
};

const put = (uid: string, more: Partial<PodEndpoint>): Plan => {
  const pod = { namespace: 'shop', name: uid, node: 'n1', labels: new Map(), ips: [], hostIPs: [] };
  pods.set(uid, { uid, ...pod, hostNetwork: false, ports: [], createdAt: 0, ...more });
  return step();
};

const isolate = (policyTypes: readonly string[]): void => {
  const key = policyKey('shop', 'deny');
  policies.set(key, { key, namespace: 'shop', name: 'deny', spec: { podSelector: {}, policyTypes } });
};

const lines = (text: string | undefined, about: string): readonly string[] =>
  (text ?? '').split('\n').filter((line) => line.includes(about));

beforeEach(() => {
  pods = new Map();
  policies = new Map();
  ranges = RANGES.flatMap((range) => parseCidr(range) ?? []);
});

const RANGE = { 4: '10.244.1.0/24', 6: 'fd00:10:244:1::/64' };

const RULES = (digit: 4 | 6, chain: string): readonly string[] => [
  `-A ${chain} -d ${RANGE[digit]} -m set --match-set portcullis-${digit}-gate-in dst -m set ! --match-set portcullis-${digit}-known dst -m comment --comment "no known pod has this address" -j DROP`,
  `-A ${chain} -s ${RANGE[digit]} -m set --match-set portcullis-${digit}-gate-out src -m set ! --match-set portcullis-${digit}-known src -m comment --comment "no known pod has this address" -j DROP`,
];

test('there is no gate until the range is known', () => {
  ranges = [];
  expect(JSON.stringify(begin('all'))).not.toContain('-gate-');
  ranges = RANGES.flatMap((range) => parseCidr(range) ?? []);
  expect(JSON.stringify(step())).toContain('-gate-in');
});

test('a range that the node gets later is closed like the first', () => {
  begin('all');
  ranges = [...ranges, ...['10.244.9.0/24'].flatMap((range) => parseCidr(range) ?? [])];
  const { prepare, tables } = step();
  expect(lines(prepare, 'add ')).toEqual([
    'add portcullis-4-gate-in 10.244.9.0/24',
    'add portcullis-4-gate-out 10.244.9.0/24',
  ]);
  expect(lines(tables.ipv4, '-gate-').map((line) => line.split(' ').slice(1, 4).join(' '))).toEqual([
    'PORTCULLIS-FORWARD -d 10.244.1.0/24',
    'PORTCULLIS-FORWARD -d 10.244.9.0/24',
    'PORTCULLIS-FORWARD -s 10.244.1.0/24',
    'PORTCULLIS-FORWARD -s 10.244.9.0/24',
    'PORTCULLIS-JUDGE -d 10.244.1.0/24',
    'PORTCULLIS-JUDGE -d 10.244.9.0/24',
    'PORTCULLIS-JUDGE -s 10.244.1.0/24',
    'PORTCULLIS-JUDGE -s 10.244.9.0/24',
  ]);
  expect(tables.ipv6).toBeUndefined();
});

test('a range that the node gets later is in the rules, even if nothing is closed', () => {
  begin('isolated');
  ranges = [...ranges, ...['10.244.9.0/24'].flatMap((range) => parseCidr(range) ?? [])];
  expect(lines(step().tables.ipv4, '-A PORTCULLIS-FORWARD -d 10.244.9.0/24')).toHaveLength(1);
});

test('a gate that is always closed contains the range, except for addresses of the node’s pods', () => {
  put('near', { ips: ['10.244.1.5', 'fd00:10:244:1::5'] });
  put('far', { ips: ['10.244.2.5'], node: 'n2' });
  const { prepare, tables } = begin('all');
  expect(lines(prepare, 'add ')).toEqual([
    'add portcullis-4-gate-in 10.244.1.0/24',
    'add portcullis-4-gate-out 10.244.1.0/24',
    'add portcullis-4-known 10.244.1.5',
    'add portcullis-6-gate-in fd00:10:244:1::/64',
    'add portcullis-6-gate-out fd00:10:244:1::/64',
    'add portcullis-6-known fd00:10:244:1::5',
  ]);
  // ICMP is judged by a chain of its own: neighbours are found and errors pass all the same.
  expect(lines(tables.ipv4, '-gate-')).toEqual([...RULES(4, 'PORTCULLIS-FORWARD'), ...RULES(4, 'PORTCULLIS-JUDGE')]);
  expect(lines(tables.ipv6, '-gate-')).toEqual([...RULES(6, 'PORTCULLIS-FORWARD'), ...RULES(6, 'PORTCULLIS-JUDGE')]);
  expect(tables.ipv4).toMatch(
    /-A PORTCULLIS-FORWARD -m conntrack --ctstate ESTABLISHED -j RETURN\n-A PORTCULLIS-FORWARD -p icmp -g PORTCULLIS-ICMP\n.*-gate-in/,
  );
  expect(tables.ipv4).toContain(
    '-A PORTCULLIS-ICMP -p icmp -m icmp --icmp-type 3 -m conntrack --ctstate RELATED -j RETURN\n',
  );
});

test('a pod’s address opens when it is known, and closes when the pod goes', () => {
  begin('all');
  expect(put('web', { ips: ['10.244.1.5'] })).toMatchObject({
    prepare: 'add portcullis-4-known 10.244.1.5\n',
    tables: {},
  });
  pods.clear();
  expect(step()).toMatchObject({ prepare: 'del portcullis-4-known 10.244.1.5\n', tables: {} });
});

describe('gate that closes while an isolated pod’s address is not known', () => {
  test('the gate closes in the isolated direction, by a change of members alone', () => {
    isolate(['Ingress']);
    begin('isolated');
    const held = 'add portcullis-4-gate-in 10.244.1.0/24\nadd portcullis-6-gate-in fd00:10:244:1::/64\n';
    expect(put('web', {})).toMatchObject({ prepare: held, tables: {}, finish: '' });
  });

  test('the gate stays closed until the pod’s rules exist: only then the address counts as known', () => {
    isolate(['Ingress']);
    put('web', {});
    begin('isolated');
    const { prepare, tables, finish } = put('web', { ips: ['10.244.1.5'] });
    expect(prepare).toMatch(/^create portcullis-4-governed .*\nadd portcullis-4-governed 10\.244\.1\.5\n/);
    expect(prepare).not.toMatch(/-known|-gate-/);
    expect(tables.ipv4).toContain('-A PORTCULLIS-INGRESS ! -s 10.244.1.5/32 -d 10.244.1.5/32 -g PORTCULLIS-I-');
    expect(finish.split('\n').toSorted()).toEqual([
      '',
      'add portcullis-4-known 10.244.1.5',
      'del portcullis-4-gate-in 10.244.1.0/24',
      'del portcullis-6-gate-in fd00:10:244:1::/64',
    ]);
  });

  test.each([
    ['no policy isolates', () => undefined, {}],
    [
      'runs on another node',
      () => {
        isolate(['Ingress']);
      },
      { node: 'n2' },
    ],
    [
      'is on the host network',
      () => {
        isolate(['Ingress']);
      },
      { hostNetwork: true },
    ],
  ])('the gate stays open for a pod that %s', (_what, prepare, pod) => {
    prepare();
    begin('isolated');
    expect(JSON.stringify(put('web', pod))).not.toContain('-gate-');
  });

  test('the gate opens again when a pod goes before it has an address', () => {
    isolate(['Ingress', 'Egress']);
    begin('isolated');
    put('web', {});
    pods.clear();
    expect(lines(step().prepare, 'del ')).toHaveLength(4);
  });
});
