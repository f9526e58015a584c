import { expect, test } from '@jest/globals';
import { guaranteeOf } from '../../src/bridge/guarantee.ts';
import { learnOwners } from '../../src/bridge/learn.ts';
import { type LearnedOwner, type LocalPod, settleOwners } from '../../src/bridge/owners.ts';
import { nodeBridges, parseLinks } from '../../src/bridge/parse-links.ts';
import type { PodLink } from '../../src/model/pod-link.ts';
import { FACTS } from './small-bridge.ts';

const { node } = FACTS;

const link = (podUid: string, port: string, ips: readonly string[]): PodLink => ({
  ips,
  hostInterface: undefined,
  bridged: { podUid, nodeInterfaces: ['cni0', port], mac: '02:00:00:00:00:02' },
});

const learned: LearnedOwner = {
  port: 'veth-old',
  index: 6,
  mac: '02:00:00:00:00:04',
  ips: ['10.1.0.4'],
  podUid: 'old',
  origin: 'learned',
};

const PODS = [
  { uid: 'web', ips: ['10.1.0.2'] },
  { uid: 'old', ips: ['10.1.0.4', 'fd00:1::4'] },
];

test('CNI results name the owners of ports, and leave the addresses of other pods without a port', () => {
  const { owners, unowned } = settleOwners(node, [link('web', 'veth-web', ['10.1.0.2'])], [], PODS);
  expect(owners.map(({ port, podUid, origin }) => [port, podUid, origin])).toEqual([['veth-web', 'web', 'result']]);
  expect(unowned).toEqual(['10.1.0.4', 'fd00:1::4']);
});

test('a static pod, which the API knows by another UID, is found by its address', () => {
  const { owners } = settleOwners(node, [link('kubelets-own', 'veth-web', ['10.1.0.2'])], [], PODS);
  expect(owners[0]?.podUid).toBe('web');
});

test('a sandbox belongs to the pod that the API knows by another UID; an unknown sandbox stays closed', () => {
  const noted = {
    uid: 'kubelets-own',
    ips: ['10.1.0.2'],
    node: 'n1',
    namespace: '',
    name: 'x',
    closed: 'unknown' as const,
  };
  const mirror = { uid: 'web', ips: ['10.1.0.2'], node: 'n1', namespace: 'shop', name: 'web' };
  const ownerAmong = (...pods: readonly LocalPod[]) =>
    settleOwners(node, [link('kubelets-own', 'veth-web', ['10.1.0.2'])], [], pods).owners[0]?.podUid;
  expect(ownerAmong(noted, mirror)).toBe('web');
  expect(ownerAmong({ ...noted, namespace: 'shop', name: 'web' }, mirror)).toBe('web');
  expect(ownerAmong({ ...noted, namespace: 'shop', name: 'old' }, mirror)).toBe('kubelets-own');
  expect(ownerAmong(noted)).toBe('kubelets-own');
});

test('of two results for one port, the one of a living pod counts; of two living pods, neither', () => {
  const stale = link('gone', 'veth-web', ['10.1.0.9']);
  const living = link('web', 'veth-web', ['10.1.0.2']);
  expect(settleOwners(node, [stale, living], [], PODS).owners.map(({ podUid }) => podUid)).toEqual(['web']);
  const two = settleOwners(node, [living, link('old', 'veth-web', ['10.1.0.4'])], [], PODS);
  expect([two.owners, two.disputed]).toEqual([[], ['veth-web']]);
});

test('learned owners stay while the port is the same and no result contradicts them', () => {
  expect(settleOwners(node, [], [learned], PODS).unowned).toEqual(['10.1.0.2', 'fd00:1::4']);
  expect(settleOwners(node, [], [{ ...learned, index: 60 }], PODS).owners).toEqual([]);
  const result = link('web', 'veth-old', ['10.1.0.2']);
  expect(settleOwners(node, [result], [learned], PODS).owners.map(({ podUid }) => podUid)).toEqual(['web']);
});

test('a port belongs to the pod for whose addresses it alone answered', () => {
  const claims = [
    { port: 'veth-old', mac: '02:00:00:00:00:04', address: '10.1.0.4' },
    { port: 'veth-old', mac: '02:00:00:00:00:04', address: 'fd00:1::4' },
  ];
  const { learned: found, disputed } = learnOwners(node, [], PODS, claims);
  expect(found).toEqual([{ ...learned, ips: ['10.1.0.4', 'fd00:1::4'] }]);
  expect(disputed).toEqual([]);
  // An address with a later answer belongs to the same port.
  expect(learnOwners(node, [learned], PODS, claims.slice(1)).learned).toEqual(found);
});

test.each([
  ['two ports answer for one address', ['veth-old', '04', '10.1.0.4'], ['veth-client', '05', '10.1.0.4']],
  ['one port answers with two MACs', ['veth-old', '04', '10.1.0.4'], ['veth-old', '05', 'fd00:1::4']],
  ['one port answers for two pods', ['veth-old', '04', '10.1.0.4'], ['veth-old', '04', '10.1.0.2']],
] as const)('no owner is learned if %s, and that is reported', (_, ...answers) => {
  const claims = answers.map(([port = '', mac = '', address = '']) => ({
    port,
    mac: `02:00:00:00:00:${mac}`,
    address,
  }));
  const lesson = learnOwners(node, [], PODS, claims);
  expect(lesson.learned).toEqual([]);
  expect(lesson.disputed).toContain('10.1.0.4');
});

test('another port does not get a learned pod while the first port exists', () => {
  const claim = { port: 'veth-client', mac: '02:00:00:00:00:05', address: 'fd00:1::4' };
  expect(learnOwners(node, [learned], PODS, [claim])).toEqual({ learned: [learned], disputed: ['fd00:1::4'] });
});

test('an uplink never becomes an owner by its answers', () => {
  const [bridge] = node.bridges;
  if (bridge === undefined) throw new Error('no bridge');
  const bridges = [{ ...bridge, ports: [{ name: 'eth1', index: 9, kind: 'uplink' as const }] }];
  const claims = [{ port: 'eth1', mac: '02:00:00:00:00:04', address: '10.1.0.4' }];
  expect(learnOwners({ ...node, bridges }, [], PODS, claims).learned).toEqual([]);
});

test('bridges are those that lead to pods; ports of other bridges are ignored', () => {
  const links = parseLinks(
    [
      '1 lo - - 00:00:00:00:00:00 - -',
      '3 cni0 bridge - 02:00:00:00:00:fe 1 0',
      '4 veth-web veth 3 02:00:00:00:00:aa - -',
      '5 eth1 - 3 02:00:00:00:00:bb - -',
      '7 docker0 bridge - 02:00:00:00:00:fd - -',
      '8 veth-docker veth 7 02:00:00:00:00:cc - -',
    ].join('\n'),
  );
  const hints = {
    names: new Set(['cni0']),
    subnets: new Map([['cni0', ['10.1.0.0/24']]]),
    nodeAddresses: ['10.1.0.1'],
  };
  expect(links[1]?.shows).toEqual({ ipv4: true, ipv6: false });
  expect(nodeBridges(links, hints)).toEqual({
    bridges: [
      {
        name: 'cni0',
        index: 3,
        mac: '02:00:00:00:00:fe',
        ports: [
          { name: 'veth-web', index: 4, kind: 'pod-like' },
          { name: 'eth1', index: 5, kind: 'uplink' },
        ],
        subnets: ['10.1.0.0/24'],
      },
    ],
    otherPorts: ['veth-docker'],
    nodeAddresses: ['10.1.0.1'],
  });
});

test('the guarantee is full, learned or address-only, with its reasons', () => {
  const facts = {
    refusal: undefined,
    families: ['ipv4', 'ipv6'] as const,
    shown: { ipv4: true, ipv6: true },
    learned: [],
    unowned: [],
    disputed: [],
  };
  expect(guaranteeOf(facts)).toEqual({ level: 'full', reasons: [] });
  expect(guaranteeOf({ ...facts, learned: ['veth1'] }).level).toBe('learned');
  expect(guaranteeOf({ ...facts, refusal: 'spawn nft ENOENT' })).toEqual({
    level: 'address-only',
    reasons: ['the table of the bridge family is not in force: spawn nft ENOENT'],
  });
  expect(guaranteeOf({ ...facts, shown: { ipv4: true, ipv6: false } })).toEqual({
    level: 'address-only',
    reasons: ['iptables does not see bridged ipv6: br_netfilter is off'],
  });
  expect(guaranteeOf({ ...facts, unowned: ['1', '2', '3', '4', '5', '6', '7'] }).reasons).toEqual([
    'the ports of pods at these addresses are not known: 1, 2, 3, 4, 5 and 2 more',
  ]);
});
