import { describe, expect, test } from '@jest/globals';
import { checkPolicies } from '../../src/check/check-policies.ts';
import { toCheckedCluster } from '../../src/check/subject.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import { formatField } from '../../src/model/field-path.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const http = { ports: [{ name: 'http', protocol: 'TCP' as const, port: 80 }] };
const web = pod('shop/web', { app: 'web' }, { ips: ['10.2.3.4'], ...http });
const db = pod('shop/db', { app: 'db' });

interface Given {
  readonly pods?: readonly PodEndpoint[];
  readonly declared?: readonly string[];
}

/** `code field: message`, of every finding. */
const check = (policies: readonly PolicyObject[], { pods = [web, db], declared = ['shop', 'bank'] }: Given = {}) =>
  checkPolicies(toCheckedCluster(cluster({ shop: { team: 'red' }, bank: {} }, pods, policies), { declared })).map(
    ({ code, field, message }) => `${code} ${formatField(field)}: ${message}`,
  );

const of = (spec: unknown, given?: Given) => check([policy('shop/p', spec)], given);

const subjects = { podSelector: { matchLabels: { app: 'web' } } };
const from = (...peers: readonly unknown[]) => ({ ...subjects, ingress: [{ from: peers }] });
const ports = (...all: readonly unknown[]) => ({ ...subjects, ingress: [{ ports: all }] });

test('check reports nothing about a policy without mistakes', () => {
  expect(of(from({ podSelector: { matchLabels: { app: 'db' } } }))).toEqual([]);
  expect(of({ podSelector: {}, policyTypes: ['Ingress'] })).toEqual([]);
});

describe('findings about a policy’s pods', () => {
  test('check suggests labels to a policy that selects no pods', () => {
    const typo = { podSelector: { matchLabels: { app: 'wbe' } }, ingress: [{}] };
    expect(of(typo)).toEqual([
      'selects-nothing spec.podSelector: selects no pod: namespace shop has none with app=wbe',
    ]);
    expect(check([policy('bank/p', { podSelector: {} })])).toEqual([
      'selects-nothing spec.podSelector: selects no pod: namespace bank has none',
    ]);
  });

  test('check does not report a policy without pods if the input has no pods', () => {
    expect(of({ podSelector: { matchLabels: { app: 'wbe' } } }, { pods: [] })).toEqual([]);
  });

  test('check reports a policy that selects only pods on the host network', () => {
    const host = pod('shop/agent', { app: 'agent' }, { hostNetwork: true });
    expect(of({ podSelector: { matchLabels: { app: 'agent' } } }, { pods: [web, host] })).toEqual([
      'host-network spec.podSelector: selects only pods on the host network (1 pod), which no policy can isolate',
    ]);
  });

  test('check reports a policy that selects every pod because it has no selector', () => {
    expect(of({ ingress: [{}] })).toEqual([
      'pod-selector-missing spec.podSelector: is missing, which selects every pod of namespace shop',
    ]);
  });
});

describe('findings about a policy’s namespace', () => {
  test('check reports a policy whose namespace is not in the input', () => {
    expect(check([policy('shp/p', { podSelector: {} })], { pods: [] })).toEqual([
      'namespace-missing metadata.namespace: namespace shp is not among the manifests; did you mean shop?',
    ]);
  });

  test('check accepts any namespace if the input has none, and those of every cluster', () => {
    expect(check([policy('shp/p', { podSelector: {} })], { pods: [], declared: [] })).toEqual([]);
    expect(check([policy('kube-public/p', { podSelector: {} })], { pods: [] })).toEqual([]);
  });
});

describe('findings about directions', () => {
  test('check reports a direction without rules beside one with rules', () => {
    expect(of({ ...subjects, policyTypes: ['Ingress', 'Egress'], egress: [{}] })).toEqual([
      'direction-without-rules spec.policyTypes: lists Ingress, but there are no ingress rules: all ingress is denied',
    ]);
    expect(of({ ...subjects, egress: [{}] })).toEqual([
      'direction-without-rules spec.policyTypes: is missing and then includes Ingress; without ingress rules all ingress is denied',
    ]);
  });

  test('check accepts an empty list as an intended direction without rules', () => {
    expect(of({ ...subjects, policyTypes: ['Ingress', 'Egress'], ingress: [], egress: [{}] })).toEqual([]);
  });

  test('check reports rules of a direction that policyTypes does not list', () => {
    expect(of({ ...subjects, policyTypes: ['Ingress'], ingress: [{}], egress: [{}] })).toEqual([
      'rules-ignored spec.egress: policyTypes does not list Egress, so these rules do nothing',
    ]);
  });
});

describe('findings about DNS', () => {
  const forgets = (key: string, spec: object, others: readonly PolicyObject[] = [], given?: Given) =>
    check([policy(key, { ...subjects, policyTypes: ['Egress'], ...spec }), ...others], given);
  const told = (field: string, nor = '') =>
    `no-dns spec.${field}: isolates egress and does not allow DNS${nor}: its pods cannot resolve names`;
  const toDns = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
  };

  test.each([
    ['no rules', {}, 'policyTypes'],
    ['another port', { egress: [{ ports: [{ port: 443 }] }] }, 'egress'],
    ['every port, but only of pods that are no name servers', { egress: [{ to: [{ podSelector: {} }] }] }, 'egress'],
    [
      'every UDP port, of pods that are none',
      { egress: [{ to: [{ podSelector: {} }], ports: [{ protocol: 'UDP' }] }] },
      'egress',
    ],
  ])('check reports a policy that forgets DNS: %s', (_, spec, field) => {
    expect(forgets('shop/p', spec)).toEqual([told(field)]);
  });

  test.each([
    ['everything', { egress: [{}] }],
    ['UDP 53 to anyone', { egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }] }],
    ['a range with UDP 53', { egress: [{ ports: [{ port: 50, endPort: 60, protocol: 'UDP' }] }] }],
    [
      'UDP 53 to pods of the input that declare it',
      { egress: [{ to: [{ podSelector: {} }], ports: [{ port: 53, protocol: 'UDP' }] }] },
      [pod('shop/names', {}, { ports: [{ name: undefined, protocol: 'UDP', port: 53 }] })],
    ],
    ['every port of kube-dns', { egress: [{ to: [toDns] }] }],
    ['every port of all namespaces', { egress: [{ to: [{ namespaceSelector: {} }] }] }],
    ['every port of a block, where name servers may be', { egress: [{ to: [{ ipBlock: { cidr: '192.0.2.0/24' } }] }] }],
  ])('check accepts egress rules that allow DNS: %s', (_, spec, more: readonly PodEndpoint[] = []) => {
    expect(forgets('shop/p', spec, [], { pods: [web, db, ...more] })).toEqual([]);
  });

  test('check reports DNS allowed only to pods of the own namespace, or over TCP only', () => {
    const toOwn = { egress: [{ to: [{ podSelector: {} }], ports: [{ port: 53, protocol: 'UDP' }] }] };
    expect(forgets('shop/p', toOwn)).toEqual([
      "dns-elsewhere spec.egress[0].to: allows DNS only to all pods of namespace shop, where the cluster's name servers are not: its pods cannot resolve names",
    ]);
    expect(forgets('shop/p', { egress: [{ ports: [{ port: 53 }] }] })).toEqual([
      'dns-tcp-only spec.egress[0].ports: allows DNS over TCP alone (TCP is what a port without protocol means); DNS queries use UDP',
    ]);
  });

  test('check does not miss DNS in a policy that denies everything if policies of some of its pods allow it', () => {
    const dns = policy('shop/dns', {
      podSelector: { matchLabels: { app: 'web', tier: 'front' } },
      policyTypes: ['Egress'],
      egress: [{}],
    });
    expect(forgets('shop/p', {}, [dns], { pods: [] })).toEqual([]);
  });

  test('check accepts a policy without DNS if another policy of the same pods allows it', () => {
    const dns = policy('shop/dns', {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ ports: [{ port: 53, protocol: 'UDP' }] }],
    });
    expect(forgets('shop/p', {}, [dns])).toEqual([]);
    expect(forgets('shop/p', {}, [dns], { pods: [] })).toEqual([]);
  });

  test('check reports DNS that several policies forget together once, at the one that denies everything', () => {
    const https = policy('shop/https', {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [{ ports: [{ port: 443 }] }],
    });
    expect(forgets('shop/p', {}, [https], { pods: [web] })).toEqual([told('policyTypes', ', nor does shop/https')]);
  });
});

describe('findings about peers', () => {
  test('check reports a peer that selects no pod', () => {
    expect(of(from({ podSelector: { matchLabels: { app: 'x' } } }))).toEqual([
      'peer-selects-nothing spec.ingress[0].from[0]: no pod with app=x is in shop, so this entry allows nobody',
    ]);
    expect(of(from({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'bank' } } }))).toEqual([
      'peer-selects-nothing spec.ingress[0].from[0]: no pod is in bank, so this entry allows nobody',
    ]);
  });

  test('check reports a peer that selects no namespace', () => {
    expect(of(from({ namespaceSelector: { matchLabels: { team: 'blue' } } }))).toEqual([
      'peer-selects-nothing spec.ingress[0].from[0]: no namespace has team=blue, so this entry allows nobody',
    ]);
  });

  test('check ignores peers whose pods the input cannot show', () => {
    const monitoring = from({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } });
    expect(of(monitoring)).toEqual([]);
    expect(of(from({ namespaceSelector: { matchLabels: { team: 'blue' } } }), { declared: [] })).toEqual([]);
  });

  test('check reports a peer that a dash has split in two', () => {
    const podSelector = { matchLabels: { app: 'db' } };
    const namespaceSelector = { matchLabels: { team: 'red' } };
    const note =
      'split-peer spec.ingress[0].from[1]: two entries mean either: pods app=db of namespace shop, and all pods of team=red';
    expect(of(from({ podSelector }, { namespaceSelector }))).toEqual([note]);
    expect(of(from({ namespaceSelector }, { podSelector }))).toEqual([note]);
    expect(of(from({ podSelector, namespaceSelector }))).toEqual([]);
    expect(of(from({ podSelector: {} }, { namespaceSelector }))).toEqual([]);
  });

  test('check reports an empty list of peers', () => {
    expect(of({ ...subjects, ingress: [{ from: [], ports: [] }] })).toEqual([
      'empty-list spec.ingress[0].from: an empty list does not mean none: it allows everyone',
      'empty-list spec.ingress[0].ports: an empty list does not mean none: it allows every port',
    ]);
  });
});

describe('findings about ipBlocks', () => {
  test('check reports an ipBlock with addresses of pods', () => {
    expect(of(from({ ipBlock: { cidr: '10.0.0.0/8' } }))).toEqual([
      'block-covers-pods spec.ingress[0].from[0].ipBlock.cidr: 10.0.0.0/8 holds the addresses of 1 pod (shop/web): they are meant too, whatever their labels',
    ]);
    expect(of(from({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.2.0.0/16'] } }))).toEqual([]);
  });

  test('check reports an ipBlock with bits past the prefix', () => {
    expect(of(from({ ipBlock: { cidr: '192.0.2.9/24', except: ['192.0.2.9/28', '192.0.2.16/28'] } }))).toEqual([
      'host-bits spec.ingress[0].from[0].ipBlock.cidr: 192.0.2.9/24 has bits set past its prefix: Kubernetes refuses it since 1.36 (an object that has it already stays), older releases and Portcullis read 192.0.2.0/24',
      'host-bits spec.ingress[0].from[0].ipBlock.except[0]: 192.0.2.9/28 has bits set past its prefix: Kubernetes refuses it since 1.36 (an object that has it already stays), older releases and Portcullis read 192.0.2.0/28',
    ]);
  });
});

describe('findings about ports', () => {
  const undeclared = (field: string, name: string) =>
    `port-undeclared spec.${field}.ports[0].port: no pod that can receive this declares a TCP port "${name}", so this entry allows nothing`;

  test('check reports a port name that no pod declares', () => {
    expect(of(ports({ port: 'http' }))).toEqual([]);
    expect(of(ports({ port: 'https' }))).toEqual([undeclared('ingress[0]', 'https')]);
    expect(
      of({
        ...subjects,
        policyTypes: ['Egress'],
        egress: [
          { to: [{ namespaceSelector: {} }], ports: [{ port: 53, protocol: 'UDP' }] },
          { to: [{ podSelector: { matchLabels: { app: 'db' } } }], ports: [{ port: 'http' }] },
        ],
      }),
    ).toEqual([undeclared('egress[1]', 'http')]);
  });

  test('check reports ports that repeat an earlier entry', () => {
    expect(of(ports({ port: 80 }, { port: 70, endPort: 90 }, { port: 'http' }))).toEqual([
      'ports-overlap spec.ingress[0].ports[1]: TCP 70-90 overlaps with TCP 80 of ports[0]',
    ]);
  });
});

describe('findings about invalid policies', () => {
  const suggestions = (spec: unknown) =>
    checkPolicies(toCheckedCluster(cluster({ shop: {} }, [], [policy('shop/p', spec)]))).map(
      ({ code, suggestion }) => `${code}: ${suggestion}`,
    );

  test('check reports an invalid policy as an error, and nothing else about it', () => {
    expect(of({ ...subjects, ingress: [{ ports: [{ port: 0 }] }], egress: [], policyTypes: ['Egress'] })).toEqual([
      'invalid spec.ingress[0].ports[0].port: 0 is not a port from 1 to 65535',
    ]);
  });

  test('check reports that the API server accepts a policy which is too large, and that it is enforced as one that allows nothing', () => {
    const many = Array.from({ length: 200 }, (_, at) => ({ podSelector: { matchLabels: { app: `a${at}` } } }));
    const all = Array.from({ length: 2_000 }, (_, at) => ({ port: 1 + 2 * at }));
    expect(of({ ...subjects, ingress: [{ from: many, ports: all }] })).toEqual([
      'too-large spec.ingress: peers times ports are 57200 rules, more than 10000: use fewer, or ranges; the API server takes the policy, and Portcullis enforces it as one that allows nothing',
    ]);
  });

  test.each([
    ['text for a number', ports({ port: '80' }), 'invalid: write 80 without quotes'],
    ['ports in the wrong order', ports({ port: 90, endPort: 80 }), 'invalid: write port: 80 and endPort: 90'],
    ['the wrong case', ports({ protocol: 'udp' }), 'invalid: write UDP'],
    [
      'an address for a block',
      from({ ipBlock: { cidr: 'fd00::1' } }),
      'invalid: write fd00::1/128 for this one address',
    ],
    [
      'what nobody can guess',
      ports({ port: 0 }),
      'invalid: repair it: the API server refuses it, and where it is enforced from a folder it allows nothing',
    ],
  ])('check suggests a correction: %s', (_, spec, expected) => {
    expect(suggestions(spec)).toEqual([expected]);
  });
});
