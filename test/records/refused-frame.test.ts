import { describe, expect, test } from '@jest/globals';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { policyKey } from '../../src/model/policy-object.ts';
import { createFormerAddresses } from '../../src/records/former-addresses.ts';
import type { PortPod } from '../../src/records/port-pods.ts';
import { type RefusedFrame, refusedFrame } from '../../src/records/refused-frame.ts';
import { advertisement, arp, type Ends, ethernet, icmp6, solicitation, udp4, udp6 } from '../kernel/bridge-frames.ts';
import { pod } from '../support/small-cluster.ts';

/** Frames that the table of the bridge family dropped, as records tell them. */

const EVERYBODY = 'ff:ff:ff:ff:ff:ff';
const macOf = (name: string): string => `02:00:00:00:00:${name.charCodeAt(0).toString(16)}`;
const LAST: Readonly<Record<string, number>> = { web: 2, client: 3, free: 99 };
const ip4 = (name: string): string => `10.1.0.${LAST[name] ?? 0}`;
const ip6 = (name: string): string => `fd00:1::${LAST[name] ?? 0}`;

const WEB: PortPod = { pod: pod('shop/web', {}, { ips: [ip4('web')] }), mac: macOf('web') };
const CLIENT: PortPod = { pod: pod('shop/client', {}, { ips: [ip4('client'), ip6('client')] }), mac: macOf('client') };
const PODS: readonly PodEndpoint[] = [WEB.pod, CLIENT.pod];

const ends = (from: string, to: string, changes: Partial<Ends> = {}): Ends => ({
  from: macOf(from),
  to: macOf(to),
  source: ip4(from),
  destination: ip4(to),
  ...changes,
});
const ends6 = (from: string, to: string, changes: Partial<Ends> = {}): Ends =>
  ends(from, to, { source: ip6(from), destination: ip6(to), ...changes });

interface Dropped {
  readonly reason: string;
  readonly frame: string;
  readonly sender?: PortPod;
  /** Absent: dropped where it came in. */
  readonly receiver?: PortPod;
}

const recordOf = ({ reason, frame, sender = CLIENT, receiver }: Dropped): RefusedFrame | undefined => {
  const bytes = Buffer.from(frame, 'hex');
  const mac = (at: number): string => (frame.slice(at, at + 12).match(/../g) ?? []).join(':');
  return refusedFrame(
    {
      family: 'ipv4',
      prefix: `PORTCULLIS-BRIDGE-${reason}`,
      inInterface: 1,
      outInterface: 0,
      inPort: 2,
      outPort: 0,
      frame: { destination: mac(0), source: mac(12), etherType: bytes.readUInt16BE(12) },
      isGroup: false,
      payload: new Uint8Array(bytes.subarray(14)),
      sequence: 0,
    },
    {
      names: {
        podsAt: (address) => PODS.filter(({ ips }) => ips.includes(address)),
        nodeAt: (address) => (address === '10.1.0.1' ? 'n1' : undefined),
        former: createFormerAddresses(),
      },
      passed: { sender, receiver },
      isolating: (each) => (each === WEB ? [policyKey('shop', 'web')] : []),
    },
  );
};

const WEB_END = { kind: 'pod', namespace: 'shop', name: 'web' };
const CLIENT_END = { kind: 'pod', namespace: 'shop', name: 'client' };

describe('a frame that a pod sends as another', () => {
  test.each<readonly [string, Dropped, object]>([
    [
      'by an address of another pod',
      { reason: 'source', frame: udp4(ends('client', 'web', { source: ip4('web') })) },
      { sentAs: { ...WEB_END, address: ip4('web') }, protocol: 'UDP', port: 9 },
    ],
    [
      'by an address that nobody has',
      { reason: 'source', frame: udp4(ends('client', 'web', { source: ip4('free') })) },
      { sentAs: { kind: 'private', address: ip4('free') } },
    ],
    [
      'by the node’s address',
      { reason: 'source', frame: udp4(ends('client', 'web', { source: '10.1.0.1' })) },
      { sentAs: { kind: 'node', name: 'n1' } },
    ],
    [
      'by another MAC',
      { reason: 'mac', frame: udp4(ends('web', 'web', { source: ip4('client') })) },
      { sentAs: { kind: 'link', address: macOf('web') }, detail: expect.stringContaining('MAC') },
    ],
    [
      'in an answer of ARP to everybody',
      { reason: 'arp', frame: arp(ends('client', 'client', { to: EVERYBODY, source: ip4('web') }), 'reply') },
      { sentAs: WEB_END, protocol: 'ARP', detail: 'the ARP reply claims an address of another' },
    ],
    [
      'in an advertisement',
      { reason: 'nd', frame: advertisement(ends6('client', 'web'), ip6('free')) },
      { sentAs: { kind: 'private', address: ip6('free') }, protocol: 'ICMPv6' },
    ],
    [
      'in a search for duplicates',
      { reason: 'nd', frame: solicitation({ ...ends6('client', 'web'), source: '::' }, ip6('free')) },
      { sentAs: { kind: 'private', address: ip6('free') } },
    ],
  ])('%s has the true sender, and who it claims to be', (_, dropped, expected) => {
    expect(recordOf(dropped)).toMatchObject({
      reason: 'spoofed source',
      source: CLIENT_END,
      policies: [],
      ...expected,
    });
  });
});

describe('a frame that an isolated pod may not send or receive', () => {
  test.each<readonly [string, Dropped, object]>([
    [
      'of another ethertype',
      { reason: 'ethertype', frame: ethernet(ends('client', 'web'), '88cc', '0011'), receiver: WEB },
      {
        destination: WEB_END,
        protocol: 'ethertype 0x88cc',
        detail: 'an isolated pod sends and receives IP and ARP alone',
      },
    ],
    [
      'of IPv6 from one link-local address to another',
      {
        reason: 'address',
        frame: udp6(ends6('client', 'web', { source: 'fe80::3', destination: 'fe80::2' })),
        receiver: WEB,
      },
      {
        destination: WEB_END,
        protocol: 'UDP',
        port: 9,
        detail: 'an isolated pod without an IPv6 address sends and receives no IPv6',
      },
    ],
    [
      'for an address that is not its own',
      { reason: 'address', frame: udp4(ends('client', 'web', { destination: ip4('free') })), receiver: WEB },
      { destination: WEB_END, detail: '10.1.0.99 is no address of the isolated pod at this port' },
    ],
    [
      'to its MAC, for the address of another',
      { reason: 'flood', frame: udp4(ends('client', 'web', { destination: ip4('free') })), receiver: WEB },
      { destination: WEB_END },
    ],
    [
      'that asks it for a neighbour',
      { reason: 'arp', frame: arp(ends('client', 'web', { destination: ip4('free') }), 'request'), receiver: WEB },
      { protocol: 'ARP', detail: 'an isolated pod may not send or receive this ARP request for 10.1.0.99' },
    ],
    [
      'of routers',
      { reason: 'nd', frame: icmp6(ends6('client', 'web'), 134, '400007080000000000000000'), receiver: WEB },
      { detail: 'an isolated pod neither sends nor receives messages of routers and groups' },
    ],
  ])('%s has both pods, the policies that isolate it, and what is wrong', (_, dropped, expected) => {
    const record = recordOf(dropped);
    expect(record).toMatchObject({ reason: 'bridge', source: CLIENT_END, policies: ['shop/web'], ...expected });
    expect(record?.sentAs).toBeUndefined();
  });
});

test.each<readonly [string, Dropped]>([
  [
    'a question of ARP for another, which the bridge shows to everybody',
    {
      reason: 'arp',
      frame: arp(ends('client', 'client', { to: EVERYBODY, destination: ip4('free') }), 'request'),
      receiver: WEB,
    },
  ],
  [
    'a report of groups',
    {
      reason: 'nd',
      frame: icmp6(ends6('web', 'web', { to: '33:33:00:00:00:16', source: 'fe80::2' }), 143, '00000000'),
      sender: WEB,
    },
  ],
  [
    'a search for routers by a pod without IPv6',
    {
      reason: 'address',
      frame: icmp6(ends6('web', 'web', { to: '33:33:00:00:00:02', source: 'fe80::2' }), 133, '00000000'),
      sender: WEB,
    },
  ],
  [
    'a frame for a MAC that the bridge does not know, at the port of another',
    { reason: 'flood', frame: udp4(ends('client', 'free', { to: '02:00:00:00:00:99' })), receiver: WEB },
  ],
])('%s is no refusal', (_, dropped) => {
  expect(recordOf(dropped)).toBeUndefined();
});
