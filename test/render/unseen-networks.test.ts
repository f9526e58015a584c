import { describe, expect, test } from '@jest/globals';
import {
  type AttachedPod,
  findUnseenPods,
  type NodeNetworks,
  parseDevices,
  parseFlowtables,
  parsePrograms,
} from '../../src/render/unseen-networks.ts';
import { parseIpv4Routes } from '../../src/render/parse-routes.ts';

/**
 * The tools' output on nodes with these networks, cut to the parts that are read. `recorded` marks inputs that were
 * written from the documentation of plugins whose devices this kernel does not have;
 * test/kernel/unseen-networks.test.ts makes macvlan and flowtables on the real kernel.
 */

const UPLINK = { ifname: 'eth0' };
const LO = { ifname: 'lo' };
const CNI0 = { ifname: 'cni0', linkinfo: { info_kind: 'bridge' } };
const PORT = { ifname: 'veth1', master: 'cni0', linkinfo: { info_kind: 'veth' } };

/** /proc/net/route: default by eth0, 172.18.0.0/24 on eth0, 10.244.1.0/24 on cni0, and 10.244.9.7 on its own. */
const ROUTES = parseIpv4Routes(
  [
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t000012AC\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'cni0\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'veth9\t0709F40A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0',
    'ovs-int\t000A0A0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  ].join('\n'),
  true,
);

const node = (links: readonly object[], more: Partial<NodeNetworks> = {}): NodeNetworks => ({
  devices: parseDevices(JSON.stringify([LO, UPLINK, CNI0, PORT, ...links])),
  routes: ROUTES,
  flowtables: [],
  programs: new Map(),
  ...more,
});

const pod = (ip: string, more: Partial<AttachedPod> = {}): AttachedPod => ({
  uid: 'u',
  pod: 'shop/web',
  ips: [ip],
  nodeInterfaces: undefined,
  further: [],
  ...more,
});

const networkOf = (one: AttachedPod, of: NodeNetworks): string | undefined => findUnseenPods([one], of)[0]?.network;

describe('pods that rules see', () => {
  test.each<[string, AttachedPod, readonly object[]]>([
    ['on a bridge', pod('10.244.1.5'), []],
    ['with a pair of its own', pod('10.244.9.7'), [{ ifname: 'veth9', linkinfo: { info_kind: 'veth' } }]],
    ['whose plugin names its end on the node', pod('10.99.0.1', { nodeInterfaces: ['veth1'] }), []],
    ['with netkit (recorded)', pod('10.244.9.7'), [{ ifname: 'veth9', linkinfo: { info_kind: 'netkit' } }]],
    ['that no route leads to', { ...pod('10.244.1.5'), ips: [] }, []],
  ])('a pod that rules see is not reported: %s', (_, one, links) => {
    expect(findUnseenPods([one], node(links))).toEqual([]);
  });
});

describe('pods without an end on the node', () => {
  test.each<[string, AttachedPod]>([
    ['macvlan: its address is of the uplink', pod('172.18.0.60', { nodeInterfaces: [] })],
    ['ipvlan L2 (recorded): the same', pod('172.18.0.61', { nodeInterfaces: [] })],
    ['SR-IOV (recorded): the uplink is a VF of a card', pod('172.18.0.62', { nodeInterfaces: [] })],
    ['host-device (recorded): a network of its own', pod('192.168.77.2', { nodeInterfaces: [] })],
    ['nothing noted of it', pod('172.18.0.60')],
  ])('a pod without an end on the node is reported: %s', (_, one) => {
    expect(findUnseenPods([one], node([]))).toMatchObject([{ network: 'no_node_end', pod: 'shop/web' }]);
  });

  test('a pod is reported if the uplink is a veth itself, as on nodes that are containers', () => {
    const devices = parseDevices(JSON.stringify([{ ifname: 'eth0', linkinfo: { info_kind: 'veth' } }]));
    expect(networkOf(pod('172.18.0.60'), { ...node([]), devices })).toBe('no_node_end');
  });

  test('a pod is reported if the uplink is a bridge and its plugin reports no end (macvlan on a bridge)', () => {
    const devices = parseDevices(JSON.stringify([{ ifname: 'eth0', linkinfo: { info_kind: 'bridge' } }]));
    const bridged = { ...node([]), devices };
    expect(networkOf(pod('172.18.0.60', { nodeInterfaces: [] }), bridged)).toBe('no_node_end');
    expect(networkOf(pod('172.18.0.60'), bridged)).toBeUndefined();
  });
});

test('a pod on a port of Open vSwitch is reported (recorded)', () => {
  const links = [{ ifname: 'ovs-int', linkinfo: { info_kind: 'openvswitch' } }];
  expect(networkOf(pod('10.10.10.5'), node(links))).toBe('openvswitch');
});

test('a further interface is reported with its name and network', () => {
  const [found] = findUnseenPods([pod('10.244.1.5', { further: ['net1 (storage)'] })], node([]));
  expect(found).toMatchObject({ network: 'second_interface', detail: expect.stringContaining('net1 (storage)') });
});

test('a flowtable is reported for the pods whose devices it takes packets from', () => {
  const flowtables = parseFlowtables(
    JSON.stringify({
      nftables: [
        { metainfo: { version: '1.0.6' } },
        { flowtable: { family: 'inet', name: 'fast', table: 'fw', hook: 'ingress', prio: 0, dev: ['eth1', 'veth1'] } },
        { flowtable: { family: 'ip', name: 'one', table: 'fw', hook: 'ingress', prio: 0, dev: 'eth7' } },
      ],
    }),
  );
  expect(flowtables).toEqual([
    { name: 'inet fw fast', devices: ['eth1', 'veth1'] },
    { name: 'ip fw one', devices: ['eth7'] },
  ]);
  expect(networkOf(pod('10.244.1.5'), node([], { flowtables }))).toBe('flowtable');
  expect(networkOf(pod('10.244.1.5', { nodeInterfaces: ['cni0', 'veth2'] }), node([], { flowtables }))).toBeUndefined();
});

test('eBPF programs that forward packets are reported, others are not (recorded)', () => {
  const printed = JSON.stringify([
    { protocol: 'all', pref: 1, kind: 'bpf', chain: 0 },
    { protocol: 'all', pref: 1, kind: 'bpf', chain: 0, options: { handle: '0x1', bpf_name: 'cil_from_container:[7]' } },
  ]);
  expect(parsePrograms(printed)).toEqual(['cil_from_container:[7]']);
  const programs = new Map([['veth1', parsePrograms(printed)]]);
  expect(networkOf(pod('10.244.1.5'), node([], { programs }))).toBe('ebpf');
  expect(networkOf(pod('10.244.1.5'), node([], { programs: new Map([['veth1', ['count_packets']]]) }))).toBeUndefined();
  const xdp = [{ ifname: 'veth2', master: 'cni0', xdp: { mode: 1, prog: { id: 7, name: 'cil_xdp_entry' } } }];
  expect(networkOf(pod('10.244.1.5'), node(xdp))).toBe('ebpf');
});

test.each(['', '{', 'null', '[{}]', '[{"ifname":1}]'])(
  'output that is no list of interfaces reports no pod: %s',
  (text) => {
    const read = (): readonly unknown[] => {
      try {
        return parseDevices(text).filter(({ name }) => name !== '');
      } catch {
        return [];
      }
    };
    expect(read()).toEqual([]);
  },
);
