import { randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type BridgeFacts, compileBridge } from '../../src/bridge/compile-bridge.ts';
import { linkLocalOf } from '../../src/bridge/elements.ts';
import { holdsElements } from '../../src/bridge/parse-table.ts';
import { tableText } from '../../src/bridge/table-text.ts';
import { createBridgeTable, removeBridgeTable } from '../../src/kernel/bridge/bridge-table.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { inNetns } from '../../src/lab/batch.ts';
import type { PortOwner } from '../../src/model/bridge-port.ts';
import { isolation } from '../bridge/small-bridge.ts';
import { removeFolder } from '../support/clean-up.ts';
import { advertisement, arp, type Ends, ethernet, icmp6, solicitation, tagged, udp4, udp6 } from './bridge-frames.ts';
import { usePacketFilter } from './use-packet-filter.ts';

/**
 * The bridge table in a real kernel, before any rule of iptables: each frame passes without the table, and with it only where
 * expected.
 */

const BRIDGE_MAC = '02:00:00:00:00:fe';
const EVERYBODY = 'ff:ff:ff:ff:ff:ff';
const ALL_NODES = '33:33:00:00:00:01';

/** `web` is isolated in both directions, `open` and `other` are not, and `new` has no known owner. */
const NAMES = ['web', 'open', 'other', 'new'] as const;
type Name = (typeof NAMES)[number];

const LAST: Readonly<Record<Name, number>> = { web: 2, open: 3, other: 4, new: 5 };
const macOf = (name: Name): string => `02:00:00:00:00:0${LAST[name]}`;
const ip4 = (name: Name): string => `10.1.0.${LAST[name]}`;
const ip6 = (name: Name): string => `fd00:1::${LAST[name]}`;

const owner = (name: Name): PortOwner => ({
  port: `veth-${name}`,
  mac: macOf(name),
  ips: [ip4(name), ip6(name)],
  podUid: `shop/${name}`,
  origin: 'result',
});

const between = (from: Name, to: Name, more: Partial<Ends> = {}): Ends => ({
  from: macOf(from),
  to: macOf(to),
  source: ip4(from),
  destination: ip4(to),
  ...more,
});

const between6 = (from: Name, to: Name, more: Partial<Ends> = {}): Ends =>
  between(from, to, { source: ip6(from), destination: ip6(to), ...more });

interface Shot {
  readonly what: string;
  readonly by: Name;
  readonly at: Name;
  readonly frame: string;
}

const shot = (what: string, by: Name, at: Name, frame: string): Shot => ({ what, by, at, frame });

const group = (from: Name, destination: string, to: string): Ends => between6(from, 'web', { destination, to });

const FORBIDDEN: readonly Shot[] = [
  shot('an IPv4 source of another pod', 'open', 'web', udp4(between('open', 'web', { source: ip4('other') }))),
  shot('an IPv6 source of another pod', 'open', 'web', udp6(between6('open', 'web', { source: ip6('other') }))),
  shot(
    'a source of another pod between pods that are not isolated',
    'open',
    'other',
    udp4(between('open', 'other', { source: ip4('web') })),
  ),
  shot('a source outside of the subnet', 'open', 'web', udp4(between('open', 'web', { source: '10.9.0.9' }))),
  shot('a source of the node', 'open', 'web', udp4(between('open', 'web', { source: '10.1.0.1' }))),
  shot(
    'a source of a known pod from a port that nobody knows',
    'new',
    'web',
    udp4(between('new', 'web', { source: ip4('open') })),
  ),
  shot('a MAC of another pod', 'open', 'web', udp4(between('open', 'web', { from: macOf('other') }))),
  shot('a MAC of the bridge', 'open', 'other', udp4(between('open', 'other', { from: BRIDGE_MAC }))),
  shot('a made-up MAC of an isolated pod', 'web', 'open', udp4(between('web', 'open', { from: '02:00:00:00:00:77' }))),
  shot('a free address of an isolated pod', 'web', 'open', udp4(between('web', 'open', { source: '10.1.0.99' }))),
  shot(
    'a free IPv6 address of an isolated pod',
    'web',
    'open',
    udp6(between6('web', 'open', { source: 'fd00:1::99' })),
  ),
  shot('an ARP reply for another pod', 'open', 'web', arp(between('open', 'web', { source: ip4('other') }), 'reply')),
  shot(
    'an ARP request in the name of another pod',
    'open',
    'other',
    arp(between('open', 'other', { source: ip4('web') }), 'request'),
  ),
  shot(
    'an ARP reply with the MAC of another pod',
    'open',
    'other',
    arp(between('open', 'other'), 'reply', { hardware: macOf('web') }),
  ),
  shot(
    'an ARP request of an isolated pod for nobody',
    'web',
    'open',
    arp(between('web', 'open', { to: EVERYBODY, destination: '10.1.0.77' }), 'request'),
  ),
  shot(
    'an ARP request that carries data',
    'web',
    'open',
    arp(between('web', 'open', { to: EVERYBODY }), 'request', { padding: 200 }),
  ),
  shot(
    'an ARP request to everybody for somebody else, at an isolated pod',
    'open',
    'web',
    arp(between('open', 'web', { to: EVERYBODY, destination: '10.1.0.77' }), 'request'),
  ),
  shot(
    'an ARP request to an isolated pod that carries data',
    'open',
    'web',
    arp(between('open', 'web'), 'request', { padding: 200 }),
  ),
  shot('an advertisement for another pod', 'open', 'web', advertisement(between6('open', 'web'), ip6('other'))),
  shot(
    'an advertisement for another pod between open ones',
    'open',
    'other',
    advertisement(between6('open', 'other'), ip6('web')),
  ),
  shot(
    'a solicitation of an isolated pod that was routed',
    'web',
    'open',
    solicitation(between6('web', 'open'), ip6('open'), 64),
  ),
  shot(
    'a solicitation of an isolated pod for nobody',
    'web',
    'open',
    solicitation(between6('web', 'open'), 'fd00:1::1234'),
  ),
  shot(
    'a solicitation of an isolated pod that carries data',
    'web',
    'open',
    solicitation(between6('web', 'open'), ip6('open'), 255, '0e0a'.padEnd(160, 'a')),
  ),
  shot(
    'a solicitation to an isolated pod for somebody else',
    'open',
    'web',
    solicitation(between6('open', 'web'), 'fd00:1::1234'),
  ),
  shot(
    'duplicate detection for the address of another pod',
    'open',
    'web',
    solicitation({ ...group('open', 'ff02::1', ALL_NODES), source: '::' }, ip6('web')),
  ),
  shot(
    'a router advertisement at an isolated pod',
    'open',
    'web',
    icmp6(
      { ...group('open', 'ff02::1', ALL_NODES), source: linkLocalOf(macOf('open')) },
      134,
      '400007080000000000000000',
    ),
  ),
  shot(
    'a router advertisement of an isolated pod',
    'web',
    'open',
    icmp6(
      { ...group('web', 'ff02::1', ALL_NODES), source: linkLocalOf(macOf('web')) },
      134,
      '400007080000000000000000',
    ),
  ),
  shot('a redirect at an isolated pod', 'open', 'web', icmp6(between6('open', 'web'), 137, '0'.repeat(72))),
  shot(
    'a report of group members of an isolated pod at others',
    'web',
    'open',
    icmp6({ ...group('web', 'ff02::16', '33:33:00:00:00:16'), source: linkLocalOf(macOf('web')) }, 143, '00000000', 1),
  ),
  shot('IPv4 in a tag of 802.1Q at an isolated pod', 'open', 'web', tagged(between('open', 'web'), ['8100'])),
  shot('IPv4 in two tags at an isolated pod', 'open', 'web', tagged(between('open', 'web'), ['88a8', '8100'])),
  shot('IPv4 in a tag of an isolated pod', 'web', 'open', tagged(between('web', 'open'), ['8100'])),
  shot('another ethertype at an isolated pod', 'open', 'web', ethernet(between('open', 'web'), '88b5', '00112233')),
  shot('another ethertype of an isolated pod', 'web', 'open', ethernet(between('web', 'open'), '88b5', '00112233')),
  shot(
    'a frame for a MAC that nobody has, flooded to an isolated pod',
    'open',
    'web',
    udp4(between('open', 'web', { to: '02:00:00:00:00:99', destination: '10.1.0.99' })),
  ),
  shot(
    'a packet for another pod at an isolated one',
    'open',
    'web',
    udp4(between('open', 'web', { destination: ip4('other') })),
  ),
  shot(
    'a packet for a free address at a pod that takes nothing from every peer',
    'open',
    'web',
    udp4(between('open', 'web', { destination: '10.1.0.99' })),
  ),
  shot(
    'a packet for a machine beyond the link at such a pod',
    'open',
    'web',
    udp4(between('open', 'web', { destination: '192.0.2.9' })),
  ),
  shot('the same by IPv6', 'open', 'web', udp6(between6('open', 'web', { destination: '2001:db8::9' }))),
  shot(
    'a packet of a caged pod for a machine beyond the link, in a frame to another pod',
    'web',
    'open',
    udp4(between('web', 'open', { destination: '192.0.2.9' })),
  ),
  shot('the same by IPv6 of a caged pod', 'web', 'open', udp6(between6('web', 'open', { destination: '2001:db8::9' }))),
  shot(
    'such a packet in a frame to everybody',
    'web',
    'open',
    udp4(between('web', 'open', { destination: '192.0.2.9', to: EVERYBODY })),
  ),
];

const ALLOWED: readonly Shot[] = [
  shot('IPv4 by own addresses', 'open', 'web', udp4(between('open', 'web'), 11)),
  shot('IPv6 by own addresses', 'open', 'web', udp6(between6('open', 'web'), 11)),
  shot('IPv4 of an isolated pod', 'web', 'open', udp4(between('web', 'open'), 11)),
  shot('ARP for an isolated pod', 'open', 'web', arp(between('open', 'web', { to: EVERYBODY }), 'request')),
  shot('an ARP reply to an isolated pod', 'open', 'web', arp(between('open', 'web'), 'reply')),
  shot(
    'gratuitous ARP of a known pod at an isolated one',
    'open',
    'web',
    arp(between('open', 'web', { to: EVERYBODY, destination: ip4('open') }), 'request'),
  ),
  shot('ARP of an isolated pod for a pod', 'web', 'open', arp(between('web', 'open', { to: EVERYBODY }), 'request')),
  shot('a solicitation for an isolated pod', 'open', 'web', solicitation(between6('open', 'web'), ip6('web'))),
  shot('an advertisement to an isolated pod', 'open', 'web', advertisement(between6('open', 'web'), ip6('open'))),
  shot('a solicitation of an isolated pod', 'web', 'open', solicitation(between6('web', 'open'), ip6('open'))),
  shot(
    'a free address between pods that are not isolated, as of keepalived',
    'open',
    'other',
    udp4(between('open', 'other', { source: '10.1.0.99' })),
  ),
  shot(
    'gratuitous ARP for a free address',
    'open',
    'other',
    arp(between('open', 'other', { to: EVERYBODY, source: '10.1.0.99', destination: '10.1.0.99' }), 'request'),
  ),
  shot(
    'mDNS between pods that are not isolated',
    'open',
    'other',
    udp4(between('open', 'other', { to: '01:00:5e:00:00:fb', destination: '224.0.0.251' })),
  ),
  shot(
    'DHCP between pods that are not isolated',
    'open',
    'other',
    udp4(between('open', 'other', { to: EVERYBODY, source: '0.0.0.0', destination: '255.255.255.255' })),
  ),
  shot(
    'a router advertisement between pods that are not isolated',
    'open',
    'other',
    icmp6(
      { ...group('open', 'ff02::1', ALL_NODES), source: linkLocalOf(macOf('open')) },
      134,
      '400007080000000000000000',
    ),
  ),
  shot('a tag between pods that are not isolated', 'open', 'other', tagged(between('open', 'other'), ['8100'])),
  shot(
    'another ethertype between pods that are not isolated',
    'open',
    'other',
    ethernet(between('open', 'other'), '88b5', '00112233'),
  ),
  shot('a pod that nobody knows, by its own address', 'new', 'web', udp4(between('new', 'web'))),
  shot('ARP of a pod that nobody knows', 'new', 'web', arp(between('new', 'web', { to: EVERYBODY }), 'request')),
  shot(
    'a group of an isolated pod, which is for iptables to judge',
    'web',
    'open',
    udp4(between('web', 'open', { to: '01:00:5e:00:00:fb', destination: '224.0.0.251' })),
  ),
  shot(
    'a free address as destination of an isolated pod, which is for iptables to judge',
    'web',
    'open',
    udp4(between('web', 'open', { destination: '10.1.0.99' })),
  ),
  shot(
    'a machine beyond the link between pods that are not isolated, of which one may route',
    'open',
    'other',
    udp4(between('open', 'other', { destination: '192.0.2.9' })),
  ),
];

/** Sends each line's frame; AF_PACKET of packet(7). */
const SEND = `
  socket(S, 17, 3, 0) or die; $index = shift @ARGV;
  while (<STDIN>) { chomp; $f = pack("H*", $_);
    send(S, $f, 0, pack("S a2 l S C C a8", 17, substr($f, 12, 2), $index, 0, 0, 6, substr($f, 0, 6))) or die "send: $!" }
`;
/** Maximum time of a listener; usually a file ends it, however slow the machine is. */
const LISTEN_MS = 150_000;

/** Prints each incoming frame, without the tag that the kernel removed, until the file exists and no frame is left. */
const LISTEN = `
  socket(S, 17, 3, unpack("S", pack("n", 3))) or die; $| = 1;
  setsockopt(S, 263, 1, pack("l S S a8", shift @ARGV, 1, 0, "")); print "ready\\n";
  $stop = shift @ARGV; $end = time + 120;
  while (time < $end) {
    $is_over = -e $stop;
    $r = ""; vec($r, fileno(S), 1) = 1;
    if (select($r, undef, undef, 0.1)) { recv(S, $f, 65536, 0); print unpack("H*", $f), "\\n"; }
    elsif ($is_over) { last; }
  }
`;

describe('the table of the bridge family', () => {
  const filter = usePacketFilter('nft');
  const outside = createCommandRunner();
  let suffix: string;
  const netns = (name: Name): string => `pod-${name}-${suffix}`;
  const inPod = (name: Name) => createCommandRunner(inNetns(netns(name)));

  const facts = (): BridgeFacts => ({
    node: {
      bridges: [
        {
          name: 'cni0',
          index: 1,
          mac: BRIDGE_MAC,
          ports: NAMES.map((name, index) => ({ name: `veth-${name}`, index, kind: 'pod-like' })),
          subnets: ['10.1.0.0/24', 'fd00:1::/64'],
        },
      ],
      otherPorts: [],
      nodeAddresses: ['10.1.0.1', 'fd00:1::1'],
    },
    owners: (['web', 'open', 'other'] as const).map(owner),
    unowned: [ip4('new'), ip6('new')],
    routers: new Set(),
    judged: { ipv4: true, ipv6: true },
  });

  const program = () => {
    const compiled = compileBridge(facts(), [isolation('ingress', 'web'), isolation('egress', 'web')], undefined);
    if (compiled === undefined) throw new Error('no bridge');
    return compiled;
  };

  beforeEach(async () => {
    suffix = randomUUID().slice(0, 8);
    const node = filter().runner;
    const ip = (runner: typeof node, ...lines: readonly string[]): Promise<string> =>
      runner.run('ip', ['-batch', '-'], { input: `${lines.join('\n')}\n` });
    await ip(node, `link add cni0 address ${BRIDGE_MAC} type bridge mcast_snooping 0`, 'link set cni0 up');
    for (const name of NAMES) {
      await outside.run('ip', ['netns', 'add', netns(name)]);
      // The pods' kernels send nothing by themselves.
      await inPod(name).run('sysctl', [
        '-q',
        '-w',
        'net.ipv6.conf.all.disable_ipv6=1',
        'net.ipv6.conf.default.disable_ipv6=1',
      ]);
      await ip(
        node,
        `link add eth0 address ${macOf(name)} type veth peer name veth-${name}`,
        `link set eth0 netns ${netns(name)}`,
        `link set veth-${name} master cni0 up`,
      );
      await ip(inPod(name), 'link set eth0 arp off up');
    }
    // So that the bridge knows the MACs.
    for (const name of NAMES) await announce(name);
  });

  afterEach(async () => {
    for (const name of NAMES) await outside.run('ip', ['netns', 'del', netns(name)]);
  });

  const indexOf = async (name: Name): Promise<string> => {
    const shown = await inPod(name).run('ip', ['-o', 'link', 'show', 'eth0']);
    return shown.split(':')[0] ?? '';
  };

  const send = async (name: Name, frames: readonly string[]): Promise<void> => {
    await inPod(name).run('perl', ['-e', SEND, await indexOf(name)], {
      input: frames.map((each) => `${each}\n`).join(''),
    });
  };

  const announce = (name: Name): Promise<void> =>
    send(name, [ethernet({ from: macOf(name), to: EVERYBODY }, '88b6', '00')]);

  /** Describes which of the shots arrived. */
  const arrivals = async (shots: readonly Shot[]): Promise<readonly string[]> => {
    const seen = new Map<Name, string>();
    const listeners: Promise<string>[] = [];
    const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-listeners-'));
    const stop = path.join(folder, 'stop');
    for (const name of NAMES) {
      const ready = Promise.withResolvers<undefined>();
      const sink = () => (piece: string) => {
        seen.set(name, (seen.get(name) ?? '') + piece);
        if (piece.includes('ready')) ready.resolve(undefined);
      };
      listeners.push(
        indexOf(name).then((index) =>
          inPod(name).run('perl', ['-e', LISTEN, index, stop], { sink, timeoutMs: LISTEN_MS }),
        ),
      );
      await ready.promise;
    }
    for (const { by, at, frame } of shots) {
      // From then on the bridge sends frames for a MAC to the port that used it.
      await announce(at);
      await send(by, [frame]);
    }
    // A frame is with its listeners when sending it returns.
    await writeFile(stop, '');
    await Promise.all(listeners);
    await removeFolder(folder);
    // The kernel delivers a tag beside the frame.
    const withoutTag = (frame: string): string =>
      /^.{24}(?:8100|88a8)/.test(frame) ? frame.slice(0, 24) + frame.slice(32) : frame;
    return shots
      .filter(({ at, frame }) => {
        const lines = (seen.get(at) ?? '').split('\n');
        return lines.includes(frame) || lines.includes(withoutTag(frame));
      })
      .map(({ what }) => what);
  };

  test('all frames pass without the bridge table, so that drops are the table’s', async () => {
    const shots = [...FORBIDDEN, ...ALLOWED];
    expect(await arrivals(shots)).toEqual(shots.map(({ what }) => what));
  }, 180_000);

  test('the bridge table drops what a port may not send or receive, and counts it', async () => {
    const table = createBridgeTable(filter().runner);
    await table.write(tableText(program()));
    expect(await arrivals(FORBIDDEN)).toEqual([]);
    const counts = await table.counts();
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(FORBIDDEN.length);
    expect([...counts].filter(([, count]) => count === 0)).toEqual([]);
  }, 180_000);

  test('the bridge table passes legal frames, records the ports that answer for a wanted address, and reads back as written', async () => {
    const table = createBridgeTable(filter().runner);
    const written = program();
    await table.write(tableText(written));
    const observed = await table.read();
    expect(observed !== undefined && holdsElements(observed, written)).toBe(true);
    expect(await arrivals(ALLOWED)).toEqual(ALLOWED.map(({ what }) => what));
    expect(await table.claims()).toEqual([{ port: 'veth-new', mac: macOf('new'), address: ip4('new') }]);
    expect((await table.read())?.shape).toBe(observed?.shape);
    expect(await removeBridgeTable(filter().runner)).toBe(true);
    expect(await table.read()).toBeUndefined();
    expect(await removeBridgeTable(filter().runner)).toBe(false);
  }, 180_000);
});
