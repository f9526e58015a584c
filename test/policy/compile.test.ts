import { describe, expect, test } from '@jest/globals';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import { formatCidr } from '../../src/policy/cidr.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import type { Isolation, Peer, PortMatch } from '../../src/policy/node-policy.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';

const NAMESPACES = { shop: { team: 'red' }, bank: { team: 'blue' }, lab: {} };

/** The addresses of pods without one of their own, by namespace and name. */
const given = new Map<string, string>();

const withAddress = (each: PodEndpoint): PodEndpoint => {
  if (each.ips.length > 0) return each;
  const ip = given.get(each.uid) ?? `10.1.0.${given.size + 1}`;
  given.set(each.uid, ip);
  return { ...each, ips: [ip] };
};

const compile = (pods: readonly PodEndpoint[], policies: readonly PolicyObject[], node?: string) =>
  compileNodePolicy(cluster(NAMESPACES, pods.map(withAddress), policies), node);

const named = (pods: readonly PodEndpoint[]): readonly string[] =>
  pods.map(({ namespace, name }) => `${namespace}/${name}`);

const at = (addresses: Iterable<string>): string =>
  [...addresses].map((ip) => [...given].find(([, own]) => own === ip)?.[0] ?? ip).join(' ');

const showPeer = (peer: Peer): string => {
  if (peer.kind === 'any') return 'any';
  if (peer.kind === 'pods') return `${peer.text}: ${at(peer.addresses.ipv4)}`;
  return [peer.block.cidr, ...peer.block.except].map(formatCidr).join(' - ');
};

const showPort = (port: PortMatch): string => {
  if (port.kind === 'any') return 'any';
  if (port.kind === 'range') return `${port.protocol} ${port.from}-${port.to}`;
  return `${port.protocol} ${port.name}${port.targets === undefined ? '' : ` on ${at(port.targets.keys())}`}`;
};

/** Describes an isolation in short: precise enough to compare, short enough to read. */
const show = ({ direction, policies, pods, rules }: Isolation) => ({
  of: `${direction} ${named(pods).join(' ')}`,
  by: policies.join(' '),
  rules: rules.map(
    (rule) =>
      `${rule.policy}[${rule.index}] ${rule.peers.map(showPeer).join(' | ')} @ ${rule.ports.map(showPort).join(', ')}`,
  ),
});

const web = pod('shop/web', { app: 'web' });
const db = pod('shop/db', { app: 'db' });
const till = pod('bank/till', { app: 'web' });
const pods = [web, db, till];

const peersOf = (peer: unknown): readonly string[] =>
  compile(pods, [
    policy('shop/p', { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ from: [peer] }] }),
  ]).isolations.flatMap(({ rules }) => rules.flatMap((rule) => rule.peers.map(showPeer)));

describe('isolated pods', () => {
  test('no pod is isolated without policies', () => {
    expect(compile(pods, [])).toEqual({ isolations: [], faults: [] });
  });

  test('a policy isolates the selected pods of its own namespace in its directions', () => {
    const { isolations } = compile(pods, [
      policy('shop/deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    ]);
    expect(isolations.map(show)).toEqual([
      { of: 'egress shop/db shop/web', by: 'shop/deny', rules: [] },
      { of: 'ingress shop/db shop/web', by: 'shop/deny', rules: [] },
    ]);
  });

  test('a pod is isolated in each direction by the policies of that direction; the union of their rules counts', () => {
    const { isolations } = compile(pods, [
      policy('shop/b', { podSelector: {}, ingress: [{}] }),
      policy('shop/a', { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ ports: [{ port: 3306 }] }] }),
      policy('shop/c', { podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Egress'] }),
    ]);
    expect(isolations.map(show)).toEqual([
      { of: 'egress shop/db', by: 'shop/c', rules: [] },
      {
        of: 'ingress shop/db',
        by: 'shop/a shop/b',
        rules: ['shop/a[0] any @ TCP 3306-3306', 'shop/b[0] any @ any'],
      },
      { of: 'ingress shop/web', by: 'shop/b', rules: ['shop/b[0] any @ any'] },
    ]);
  });

  test('a pod on the host network is never isolated', () => {
    const host = pod('shop/host', {}, { hostNetwork: true, ips: ['10.0.9.1'] });
    expect(compile([host], [policy('shop/deny', { podSelector: {} })]).isolations).toEqual([]);
  });

  test('only pods of the given node are isolated, while peers are those of the whole cluster', () => {
    const far = pod('shop/far', { app: 'far' }, { node: 'n2' });
    const allow = policy('shop/p', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] });
    expect(compile([web, far], [allow], 'n1').isolations.map(show)).toEqual([
      {
        of: 'ingress shop/web',
        by: 'shop/p',
        rules: ['shop/p[0] all pods in namespace shop: shop/web shop/far @ any'],
      },
    ]);
    expect(compile([web, far], [allow], 'n3').isolations).toEqual([]);
  });

  test('a reused address belongs to the pod that got it', () => {
    const old = pod('shop/old', {}, { ips: ['10.0.0.1'], createdAt: 1, isTerminating: true });
    const young = pod('shop/young', {}, { ips: ['10.0.0.1'], createdAt: 2 });
    const [isolation] = compile([old, young], [policy('shop/deny', { podSelector: {} })]).isolations;
    expect(isolation?.pods.map(({ name, ips }) => [name, ...ips])).toEqual([['old'], ['young', '10.0.0.1']]);
  });

  test('an address that both pods may have is isolated by both', () => {
    const one = pod('shop/one', {}, { ips: ['10.0.0.1'], createdAt: 1 });
    const other = pod('shop/other', {}, { ips: ['10.0.0.1'], createdAt: 2 });
    const allow = policy('shop/p', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] });
    const [isolation] = compile([one, other], [allow]).isolations;
    expect(isolation?.pods.map(({ name, ips }) => [name, ...ips])).toEqual([
      ['one', '10.0.0.1'],
      ['other', '10.0.0.1'],
    ]);
    expect(isolation?.rules[0]?.peers[0]).toMatchObject({ addresses: { ipv4: new Set() } });
  });

  test('a sandbox whose pod is unknown is isolated in both directions without an allowance', () => {
    const gone = pod('shop/gone', {}, { ips: ['10.0.0.1'], closed: 'unknown' });
    const { isolations } = compile([gone], [policy('shop/open', { podSelector: {}, ingress: [{}], egress: [{}] })]);
    expect(isolations).toEqual(
      ['egress', 'ingress'].map((direction) => ({
        direction,
        policies: [],
        namedPorts: '',
        pods: [gone],
        rules: [],
      })),
    );
  });

  test('a vanished pod is isolated in both directions if any policy selects it', () => {
    const gone = pod('shop/gone', { app: 'gone' }, { ips: ['10.0.0.1'], closed: 'vanished' });
    const selecting = policy('shop/p', { podSelector: { matchLabels: { app: 'gone' } }, ingress: [{}] });
    expect(compile([gone], [selecting]).isolations.map(({ direction, policies }) => [direction, policies])).toEqual([
      ['egress', []],
      ['ingress', []],
    ]);
    expect(compile([gone], [policy('shop/p', { podSelector: { matchLabels: { app: 'web' } } })]).isolations).toEqual(
      [],
    );
    const heir = pod('shop/heir', { app: 'heir' }, { ips: ['10.0.0.1'] });
    expect(compile([gone, heir], [selecting]).isolations).toEqual([]);
  });
});

describe('peers', () => {
  test('a peer with only podSelector means pods of the policy’s namespace', () => {
    expect(peersOf({ podSelector: { matchLabels: { app: 'web' } } })).toEqual([
      'pods app=web in namespace shop: shop/web',
    ]);
    expect(peersOf({ podSelector: {} })).toEqual(['all pods in namespace shop: shop/web shop/db']);
  });

  test('a peer with only namespaceSelector means every pod of the namespaces', () => {
    expect(peersOf({ namespaceSelector: { matchLabels: { team: 'blue' } } })).toEqual([
      'all pods in namespaces team=blue: bank/till',
    ]);
    expect(peersOf({ namespaceSelector: {} })).toEqual(['all pods in all namespaces: shop/web shop/db bank/till']);
  });

  test('a peer with both selectors means matching pods of matching namespaces', () => {
    expect(
      peersOf({ namespaceSelector: { matchLabels: { team: 'red' } }, podSelector: { matchLabels: { app: 'web' } } }),
    ).toEqual(['pods app=web in namespaces team=red: shop/web']);
  });

  test('NotIn and DoesNotExist also match namespaces without the key', () => {
    const inLab = pod('lab/x');
    const members = (operator: string, values?: readonly string[]) =>
      compile(
        [...pods, inLab],
        [
          policy('shop/p', {
            ingress: [{ from: [{ namespaceSelector: { matchExpressions: [{ key: 'team', operator, values }] } }] }],
          }),
        ],
      ).isolations.flatMap(({ rules }) => rules.flatMap((rule) => rule.peers.map(showPeer)));
    expect(members('NotIn', ['red'])).toEqual(['all pods in namespaces team notin (red): bank/till lab/x']);
    expect(members('DoesNotExist')).toEqual(['all pods in namespaces !team: lab/x']);
    expect(members('Exists')).toEqual(['all pods in namespaces team: shop/web shop/db bank/till']);
  });

  test('matchLabels with an empty value needs the key', () => {
    const marked = pod('shop/marked', { canary: '' });
    const allow = policy('shop/p', { ingress: [{ from: [{ podSelector: { matchLabels: { canary: '' } } }] }] });
    const [isolation] = compile([web, marked], [allow]).isolations;
    expect(isolation?.rules[0]?.peers.map(showPeer)).toEqual(['pods canary= in namespace shop: shop/marked']);
  });

  test('a pod on the host network is never a peer, whatever its labels are', () => {
    const host = pod('shop/host', { app: 'web' }, { hostNetwork: true, ips: ['10.0.9.1'] });
    const allow = policy('shop/p', { ingress: [{ from: [{ podSelector: {} }] }] });
    const [isolation] = compile([web, host], [allow]).isolations;
    expect(isolation?.rules[0]?.peers.map(showPeer)).toEqual(['all pods in namespace shop: shop/web']);
  });

  test('an except applies to its own ipBlock only', () => {
    expect(peersOf({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } })).toEqual(['10.0.0.0/8 - 10.1.0.0/16']);
  });

  test('the same selection is one peer for all policies with it', () => {
    const from = [{ podSelector: { matchLabels: { app: 'web' } } }];
    const { isolations } = compile(pods, [
      policy('shop/a', { ingress: [{ from }] }),
      policy('shop/b', { ingress: [{ from }] }),
    ]);
    const [one, other] = isolations[0]?.rules.map((rule) => rule.peers[0]) ?? [];
    expect(one).toBeDefined();
    expect(other).toBe(one);
  });
});

describe('named ports', () => {
  const http = (port: number) => ({ ports: [{ name: 'http', protocol: 'TCP' as const, port }] });
  const toHttp = { ports: [{ port: 'http' }] };
  const a = pod('shop/a', {}, http(80));
  const b = pod('shop/b', {}, http(8080));
  const c = pod('shop/c', {}, http(80));
  const none = pod('shop/none');

  test('pods on which an ingress port name has other numbers are in another isolation', () => {
    const { isolations } = compile([a, b, c, none], [policy('shop/p', { ingress: [toHttp] })]);
    expect(isolations.map((each) => ({ namedPorts: each.namedPorts, ...show(each) }))).toEqual([
      { namedPorts: 'TCP/http=', of: 'ingress shop/none', by: 'shop/p', rules: ['shop/p[0] any @ TCP http'] },
      {
        namedPorts: 'TCP/http=80',
        of: 'ingress shop/a shop/c',
        by: 'shop/p',
        rules: ['shop/p[0] any @ TCP http'],
      },
      {
        namedPorts: 'TCP/http=8080',
        of: 'ingress shop/b',
        by: 'shop/p',
        rules: ['shop/p[0] any @ TCP http'],
      },
    ]);
  });

  test('an egress port name has the number of each destination, in every namespace', () => {
    const far = pod('bank/far', {}, http(9090));
    const { isolations } = compile([none, a, far], [policy('shop/p', { egress: [toHttp], policyTypes: ['Egress'] })]);
    expect(isolations.map(show)).toEqual([
      { of: 'egress shop/a shop/none', by: 'shop/p', rules: ['shop/p[0] any @ TCP http on shop/a bank/far'] },
    ]);
  });

  test('a port name counts for its protocol only', () => {
    const udp = pod('shop/udp', {}, { ports: [{ name: 'http', protocol: 'UDP', port: 80 }] });
    const { isolations } = compile([udp], [policy('shop/p', { ingress: [toHttp] })]);
    expect(isolations[0]?.rules[0]?.ports.map(showPort)).toEqual(['TCP http']);
  });
});

describe('invalid policies', () => {
  const broken = { podSelector: { matchLabels: { app: 'db' } }, ingress: [{ ports: [{ port: 0 }] }] };

  test('an invalid policy isolates its pods, allows nothing, and is reported; other policies work', () => {
    const { isolations, faults } = compile(pods, [
      policy('shop/broken', broken),
      policy('shop/good', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{}] }),
    ]);
    expect(isolations.map(show)).toEqual([
      { of: 'ingress shop/db', by: 'shop/broken', rules: [] },
      { of: 'ingress shop/web', by: 'shop/good', rules: ['shop/good[0] any @ any'] },
    ]);
    expect(faults.map(({ policy: key, message }) => `${key} ${message}`)).toEqual([
      'shop/broken 0 is not a port from 1 to 65535',
    ]);
  });

  test('an invalid policy does not remove what another policy allows for the same pods', () => {
    const { isolations } = compile([db], [policy('shop/broken', broken), policy('shop/good', { ingress: [{}] })]);
    expect(isolations.map(show)).toEqual([
      { of: 'ingress shop/db', by: 'shop/broken shop/good', rules: ['shop/good[0] any @ any'] },
    ]);
  });
});

test('the order of objects does not matter', () => {
  const policies = [
    policy('shop/a', { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] }),
    policy('shop/b', { podSelector: { matchLabels: { app: 'web' } }, egress: [{}] }),
    policy('bank/c', { podSelector: {}, policyTypes: ['Egress'] }),
  ];
  const one = compile(pods, policies).isolations.map(({ rules, ...rest }) => [
    rest,
    rules.map(({ policy: key }) => key),
  ]);
  const other = compile(pods.toReversed(), policies.toReversed()).isolations.map(({ rules, ...rest }) => [
    rest,
    rules.map(({ policy: key }) => key),
  ]);
  expect(other).toEqual(one);
});

describe('large input', () => {
  test('500 policies on one pod are compiled', () => {
    const many = Array.from({ length: 500 }, (_, at) =>
      policy(`shop/p${at}`, { ingress: [{ ports: [{ port: at + 1 }] }] }),
    );
    const { isolations } = compile([web], many);
    expect(isolations.map(({ policies, rules }) => [policies.length, rules.length])).toEqual([[500, 500]]);
  });

  test('10,000 CIDRs and 1,000 ports in one rule are compiled', () => {
    const from = Array.from({ length: 10_000 }, (_, at) => ({ ipBlock: { cidr: `10.${at >> 8}.${at & 255}.0/25` } }));
    const ports = Array.from({ length: 1_000 }, (_, at) => ({ port: 2 * at + 1 }));
    const { isolations, faults } = compile([web], [policy('shop/p', { ingress: [{ from, ports }] })]);
    expect(faults).toEqual([]);
    expect(isolations[0]?.rules.map((rule) => [rule.peers.length, rule.ports.length])).toEqual([[10_000, 1_000]]);
  });
});
