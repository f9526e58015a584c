import { addressBytes } from '../frames/bytes.ts';
import { BROADCAST_MAC, groupMac } from '../frames/ethernet.ts';
import { ICMP, icmp, ICMPV6, icmpv6, solicitedNode } from '../frames/icmp.ts';
import { hopByHop, extended, ipv6, ip, PROTOCOL } from '../frames/ip.ts';
import { u16, u32, u8 } from '../frames/bytes.ts';
import { dhcpReply, udpPacket } from '../frames/transport.ts';
import { type Attack, BOTH, BRIDGES, type Form, V4, V6 } from '../run/attack.ts';
import type { Machine } from '../stage/cast.ts';
import type { Play } from '../run/play.ts';

/** Sends a datagram to a group, by the group's hardware address. */
export const toGroup =
  (group: (play: Play, to: Machine) => string): Form =>
  (play, from, to) => {
    const destination = group(play, to);
    const mac = destination.endsWith('.255') ? BROADCAST_MAC : groupMac([...addressBytes(destination)]);
    play.udp(from, to, { destination, mac });
  };

const GROUPS: readonly (readonly [name: string, what: string, group: string])[] = [
  ['all-hosts', 'UDP to all hosts of the link, 224.0.0.1', '224.0.0.1'],
  ['mdns', 'UDP to the group of mDNS', '224.0.0.251'],
  ['ssdp', 'UDP to a group of the organisation, 239.255.255.250', '239.255.255.250'],
  ['directed-broadcast', 'UDP to the broadcast address of the pods’ range', '10.244.1.255'],
  ['limited-broadcast', 'UDP to 255.255.255.255', '255.255.255.255'],
  ['all-nodes-v6', 'UDP to all nodes of the link, ff02::1', 'ff02::1'],
  ['mdns-v6', 'UDP to the group of mDNS', 'ff02::fb'],
  ['site-v6', 'UDP to a group of the site, ff05::1:3', 'ff05::1:3'],
];

const BY = 'bridge table: groups and broadcasts are not judged as peers, so isolated ports neither take nor send them';
/** Policy judged a pod's own address already; the ways that were open are ingress, and sources that belong to nobody. */
const OUT = 'the chains of the isolations: the source is the pod’s own, and no rule of egress names a group';

const mldReport = (play: Play, from: Machine, to: Machine): void => {
  const ends = { source: play.scene.linkLocal(from), destination: 'ff02::16' };
  const record = Buffer.concat([u8(4, 0), u16(0), addressBytes('ff05::1:3')]);
  const message = icmpv6(ends, ICMPV6.listenerReport2, 0, u16(0, 1), Buffer.concat([record, play.data]));
  const { protocol, payload } = extended([hopByHop(u8(5, 2, 0, 0))], PROTOCOL.icmpv6, message);
  play.packet(from, to, ipv6({ ...ends, protocol, ttl: 1 }, payload), { mac: groupMac([...addressBytes('ff02::16')]) });
};

/** Sends a message of MLD that contains data, to all nodes or to the message's proper receivers. */
const mldMessage =
  (type: number, source?: string): Form =>
  (play, from, to) => {
    const destination =
      type === ICMPV6.listenerReport2 ? 'ff02::16' : type === ICMPV6.listenerDone ? 'ff02::2' : 'ff02::1';
    const ends = { source: source ?? play.scene.linkLocal(from), destination };
    const body = Buffer.concat([addressBytes('ff05::1:3'), play.data]);
    const message = icmpv6(ends, type, 0, u32(0), body);
    const { protocol, payload } = extended([hopByHop(u8(5, 2, 0, 0))], PROTOCOL.icmpv6, message);
    play.packet(from, to, ipv6({ ...ends, protocol, ttl: 1 }, payload), {
      mac: groupMac([...addressBytes(destination)]),
    });
  };

const echoToAll: Form = (play, from, to) => {
  const destination = play.family === 'ipv4' ? '224.0.0.1' : 'ff02::1';
  const ends = { source: play.ip(from), destination };
  const own = u16(play.freshPort(), 1);
  const [protocol, message] =
    play.family === 'ipv4'
      ? [PROTOCOL.icmp, icmp(ICMP.echo, 0, own, play.data)]
      : [PROTOCOL.icmpv6, icmpv6(ends, ICMPV6.echo, 0, own, play.data)];
  play.packet(from, to, ip({ ...ends, protocol }, message), { mac: groupMac([...addressBytes(destination)]) });
};

/** Attacks that send to many receivers at once. */
export const MULTICAST: readonly Attack[] = [
  ...GROUPS.map(
    ([name, what, group]): Attack => ({
      name: `multicast/${name}`,
      what: `${what}, into a pod that takes nothing`,
      needs: 'nothing',
      networks: BRIDGES,
      families: group.includes(':') ? V6 : V4,
      form: toGroup(() => group),
      from: 'stranger',
      to: 'closed',
      twin: { at: 'client' },
      kind: 'closed',
      by: BY,
    }),
  ),
  ...(['ipv4', 'ipv6'] as const).map(
    (family): Attack => ({
      name: `multicast/out-${family}`,
      what: 'a caged pod sends to a group that its neighbours listen to',
      needs: 'nothing',
      networks: BRIDGES,
      families: [family],
      form: toGroup(() => (family === 'ipv4' ? '224.0.0.1' : 'ff02::1')),
      from: 'caged',
      to: 'client',
      twin: { from: 'stranger' },
      kind: 'held',
      by: OUT,
    }),
  ),
  {
    name: 'multicast/solicited-node',
    what: 'UDP to the group that address resolution of a pod uses',
    needs: 'nothing',
    networks: BRIDGES,
    families: V6,
    form: toGroup(({ ip: address }, to) => solicitedNode(address(to))),
    from: 'stranger',
    to: 'closed',
    twin: { to: 'client' },
    kind: 'closed',
    by: BY,
  },
  {
    name: 'multicast/broadcast-out',
    what: 'a caged pod sends to 255.255.255.255',
    needs: 'nothing',
    networks: BRIDGES,
    families: V4,
    form: toGroup(() => '255.255.255.255'),
    from: 'caged',
    to: 'client',
    twin: { from: 'stranger' },
    kind: 'held',
    by: OUT,
  },
  {
    name: 'multicast/igmp-in',
    what: 'a query of IGMP by a pod, with data behind it',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: (play, from, to) => {
      const query = icmp(0x11, 100, u32(0), play.data);
      const ends = { source: play.ip(from), destination: '224.0.0.1' };
      const packet = ip({ ...ends, protocol: PROTOCOL.igmp, ttl: 1, options: u8(0x94, 4, 0, 0) }, query);
      play.packet(from, to, packet, { mac: groupMac([224, 0, 0, 1]) });
    },
    from: 'stranger',
    to: 'closed',
    twin: { at: 'client' },
    kind: 'closed',
    by: BY,
  },
  {
    name: 'multicast/igmp-report-out',
    what: 'a report of IGMPv3 by a pod that may send nothing, with data behind its records',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V4,
    form: (play, from, to) => {
      const record = Buffer.concat([u8(4, 0), u16(0), addressBytes('239.1.2.3')]);
      const report = icmp(0x22, 0, u16(0, 1), Buffer.concat([record, play.data]));
      const ends = { source: play.ip(from), destination: '224.0.0.22' };
      const packet = ip({ ...ends, protocol: PROTOCOL.igmp, ttl: 1, options: u8(0x94, 4, 0, 0) }, report);
      play.packet(from, to, packet, { mac: groupMac([224, 0, 0, 22]) });
    },
    from: 'closed',
    to: 'client',
    twin: { from: 'stranger' },
    kind: 'held',
    by: OUT,
  },
  ...(
    [
      ['echo-in', 'into a pod that takes nothing', 'stranger', 'closed', { at: 'client' }, 'closed', BY],
      ['echo-out', 'out of a pod that may send nothing', 'closed', 'client', { from: 'stranger' }, 'held', OUT],
    ] as const
  ).map(
    ([name, what, from, to, twin, kind, by]): Attack => ({
      name: `multicast/${name}`,
      what: `a question for an echo to all nodes of the link, ${what}`,
      needs: 'NET_RAW',
      networks: BRIDGES,
      families: BOTH,
      form: echoToAll,
      from,
      to,
      twin,
      kind,
      by,
    }),
  ),
  ...(
    [
      [
        'mld-report-unspecified-out',
        'a report of MLDv2 from ::, as before a pod has an address',
        ICMPV6.listenerReport2,
      ],
      ['mld-done-out', 'a “done” of MLD', ICMPV6.listenerDone],
      ['mld-query-out', 'a query of MLD', ICMPV6.listenerQuery],
    ] as const
  ).map(
    ([name, what, type]): Attack => ({
      name: `multicast/${name}`,
      what: `${what}, with data, out of a pod that may send nothing`,
      needs: 'NET_RAW',
      networks: BRIDGES,
      families: V6,
      form: mldMessage(type, type === ICMPV6.listenerReport2 ? '::' : undefined),
      from: 'closed',
      to: 'client',
      twin: { from: 'stranger' },
      kind: 'closed',
      by: 'bridge table: reports of isolated ports go to the node alone',
    }),
  ),
  {
    name: 'multicast/directed-broadcast-from-outside',
    what: 'a machine outside sends to the broadcast address of the pods’ range, by the node',
    needs: 'nodes’ network',
    networks: BRIDGES,
    families: V4,
    form: (play, from) => {
      const packet = udpPacket({ source: play.ip(from), destination: '10.244.1.255' }, play.ports(), play.data);
      play.packet(from, 'node1', packet);
    },
    from: 'outside',
    to: 'closed',
    at: ['closed', 'client'],
    twin: { form: (play, from, to) => play.udp(from, to), to: 'client', at: 'client' },
    kind: 'kernel',
    by: 'a router sends no broadcast on (bc_forwarding)',
  },
  {
    name: 'multicast/mld-report-out',
    what: 'a report of MLDv2 by a pod that may send nothing, with data behind its records',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V6,
    form: mldReport,
    from: 'closed',
    to: 'client',
    twin: { from: 'stranger' },
    kind: 'closed',
    by: 'bridge table: reports of isolated ports go to the node alone',
  },
  {
    name: 'multicast/mld-query-in',
    what: 'a query of MLD by a pod, which is no router, with data behind it',
    needs: 'NET_RAW',
    networks: BRIDGES,
    families: V6,
    form: (play, from, to) => {
      const ends = { source: play.scene.linkLocal(from), destination: 'ff02::1' };
      const message = icmpv6(ends, ICMPV6.listenerQuery, 0, u16(1000, 0), Buffer.concat([Buffer.alloc(16), play.data]));
      const { protocol, payload } = extended([hopByHop(u8(5, 2, 0, 0))], PROTOCOL.icmpv6, message);
      play.packet(from, to, ipv6({ ...ends, protocol, ttl: 1 }, payload), {
        mac: groupMac([...addressBytes('ff02::1')]),
      });
    },
    from: 'stranger',
    to: 'closed',
    twin: { at: 'client' },
    kind: 'closed',
    by: 'bridge table: queries of MLD come from the node alone',
  },
  {
    name: 'multicast/dhcp-offer',
    what: 'a pod answers as a DHCP server to all, with an address and data of its own',
    needs: 'nothing',
    networks: BRIDGES,
    families: V4,
    form: (play, from, to) => {
      const reply = dhcpReply(2, play.scene.mac(to), '10.244.1.77', play.ip(from), play.data);
      const ends = { source: play.ip(from), destination: '255.255.255.255' };
      play.packet(from, to, udpPacket(ends, { sourcePort: 67, port: 68 }, reply), { mac: BROADCAST_MAC });
    },
    from: 'stranger',
    to: 'closed',
    twin: { at: 'client' },
    kind: 'closed',
    by: BY,
  },
];
