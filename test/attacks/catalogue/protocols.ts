import { u16, u32, u8 } from '../frames/bytes.ts';
import { ICMP, icmp, ICMPV6, icmpv6 } from '../frames/icmp.ts';
import { ip, PROTOCOL } from '../frames/ip.ts';
import { dccpRequest, gre, sctp, sctpInit, TCP_FLAG, tcpPacket, udpLite, udpPacket } from '../frames/transport.ts';
import { type Attack, BOTH, EVERYWHERE, type Form, V4, V6 } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import type { Machine } from '../stage/cast.ts';
import { datagram, opening } from './forms.ts';

const JUDGED = 'the chains of the isolations judge every protocol';

/** Sends a packet of another protocol that contains the token. */
const protocolOf =
  (protocol: number, bytes: (play: Play, from: Machine, to: Machine) => Buffer): Form =>
  (play, from, to) =>
    play.packet(from, to, ip({ ...play.ends(from, to), protocol }, bytes(play, from, to)));

const opaque =
  (before: Buffer = Buffer.alloc(8, 1)) =>
  ({ data }: Play): Buffer =>
    Buffer.concat([before, data, Buffer.alloc(18)]);

const innerTo = (play: Play, from: Machine, to: Machine): Buffer =>
  udpPacket(play.ends(from, to), play.ports({ port: 53 }), play.data);

const segment =
  (flags: number, port = 9999): Form =>
  (play, from, to) =>
    play.packet(
      from,
      to,
      tcpPacket(play.ends(from, to), { ...play.ports({ port }), flags, acknowledges: 1 }, play.data),
    );

const to = (name: string, what: string, form: Form, rest: Partial<Attack> = {}): Attack => ({
  name: `protocols/${name}`,
  what,
  needs: 'NET_RAW',
  networks: EVERYWHERE,
  families: BOTH,
  form,
  from: 'stranger',
  to: 'closed',
  twin: { to: 'client' },
  kind: 'held',
  by: JUDGED,
  ...rest,
});

/** An allowed client that sends a protocol which it may not use. */
const FROM_CLIENT: Partial<Attack> = { from: 'client', to: 'web', twin: { form: opening(() => ({ port: 80 })) } };

/** The first packet of an exchange, by protocol. */
const outwards =
  (number: number) =>
  (play: Play, from: Machine, at: Machine): Buffer => {
    const ends = play.ends(from, at);
    if (number === PROTOCOL.udpLite) return udpLite(ends, play.ports(), play.data);
    if (number === PROTOCOL.sctp) return sctp(play.ports(), 1, sctpInit(play.data));
    if (number === PROTOCOL.dccp) return dccpRequest(ends, play.ports(), play.data);
    if (number === PROTOCOL.gre) return gre(play.family === 'ipv4' ? 0x0800 : 0x86dd, innerTo(play, from, at));
    return number === PROTOCOL.ipip ? innerTo(play, from, at) : opaque()(play);
  };

/** Protocols other than UDP, and segments that open nothing. */
export const PROTOCOLS: readonly Attack[] = [
  to(
    'udp-lite',
    'UDP-Lite, whose ports are not UDP’s',
    protocolOf(PROTOCOL.udpLite, (play, from, at) => udpLite(play.ends(from, at), play.ports({ port: 53 }), play.data)),
    FROM_CLIENT,
  ),
  to(
    'sctp-init',
    'an SCTP chunk that opens an association',
    protocolOf(PROTOCOL.sctp, (play) => sctp(play.ports({ port: 80 }), 1, sctpInit(play.data))),
    FROM_CLIENT,
  ),
  to(
    'sctp-data',
    'an SCTP chunk of an association that was never opened',
    protocolOf(PROTOCOL.sctp, (play) => sctp(play.ports(), 0, Buffer.concat([u32(1, 1, 0), play.data]), 7)),
    {
      twin: { form: protocolOf(PROTOCOL.sctp, (play) => sctp(play.ports(), 1, sctpInit(play.data))), to: 'client' },
    },
  ),
  to(
    'dccp',
    'a request of DCCP',
    protocolOf(PROTOCOL.dccp, (play, from, at) => dccpRequest(play.ends(from, at), play.ports(), play.data)),
  ),
  to(
    'esp',
    'IPsec (ESP) to a pod that a client may reach by one port',
    protocolOf(PROTOCOL.esp, opaque()),
    FROM_CLIENT,
  ),
  to(
    'gre',
    'GRE, with an allowed datagram inside',
    protocolOf(PROTOCOL.gre, (play, from, at) =>
      gre(play.family === 'ipv4' ? 0x0800 : 0x86dd, innerTo(play, from, at)),
    ),
    {
      ...FROM_CLIENT,
    },
  ),
  to(
    'ip-in-ip',
    'IP in IP, with an allowed datagram inside',
    protocolOf(PROTOCOL.ipip, (play, from, at) => innerTo(play, from, at)),
    { families: V4, ...FROM_CLIENT },
  ),
  to(
    'ipv6-in-ip',
    'IPv6 in IP, with an allowed datagram inside',
    protocolOf(PROTOCOL.ipv6, (play, from, at) => innerTo(play, from, at)),
    { families: V6, ...FROM_CLIENT },
  ),
  to('l2tp', 'L2TP directly on IP', protocolOf(PROTOCOL.l2tp, opaque())),
  to('ospf', 'OSPF', protocolOf(PROTOCOL.ospf, opaque())),
  to('vrrp', 'VRRP to the pod itself', protocolOf(PROTOCOL.vrrp, opaque())),
  to('pim', 'PIM to the pod itself', protocolOf(PROTOCOL.pim, opaque())),
  to('mobility', 'the mobility header (RFC 6275)', protocolOf(PROTOCOL.mobility, opaque(u8(59, 1, 0, 0, 0, 0, 0, 0))), {
    families: V6,
  }),
  to('experimental', 'a protocol number for experiments', protocolOf(PROTOCOL.experimental, opaque())),
  to('out-experimental', 'the same out of a cage', protocolOf(PROTOCOL.experimental, opaque()), {
    from: 'caged',
    to: 'client',
    twin: { from: 'stranger' },
  }),
  ...(
    [
      ['udp-lite', 'UDP-Lite', PROTOCOL.udpLite],
      ['sctp', 'an SCTP chunk that opens an association', PROTOCOL.sctp],
      ['dccp', 'a request of DCCP', PROTOCOL.dccp],
      ['gre', 'GRE', PROTOCOL.gre],
      ['esp', 'IPsec (ESP)', PROTOCOL.esp],
      ['ip-in-ip', 'IP in IP', PROTOCOL.ipip],
      ['l2tp', 'L2TP directly on IP', PROTOCOL.l2tp],
    ] as const
  ).map(([name, what, number]) =>
    to(
      `out-${name}`,
      `${what} out of a pod that may send nothing, to another node`,
      protocolOf(number, outwards(number)),
      {
        families: number === PROTOCOL.ipip ? V4 : BOTH,
        from: 'closed',
        to: 'client2',
        twin: { from: 'stranger' },
      },
    ),
  ),
  to(
    'sctp-heartbeat',
    'an SCTP heartbeat, by which connection tracking learns further paths of associations',
    protocolOf(PROTOCOL.sctp, (play) =>
      sctp(play.ports({ port: 80 }), 4, Buffer.concat([u16(1, 12), play.data, u16(0)]), 7),
    ),
    FROM_CLIENT,
  ),
  to(
    'igmp-unicast',
    'IGMP to the pod’s own address',
    protocolOf(PROTOCOL.igmp, ({ data }) => icmp(0x16, 0, u32(0xef01_0203), data)),
    { families: V4 },
  ),
  to(
    'tcp-ack',
    'an acknowledgement in the middle of nothing, which connection tracking would pick up',
    segment(TCP_FLAG.ack),
    { by: 'a segment that opens nothing is judged as one that does, ADR 8' },
  ),
  to('tcp-syn-ack', 'an answer to a connection that nobody opened', segment(TCP_FLAG.syn | TCP_FLAG.ack)),
  to('tcp-fin', 'an end of a connection that nobody opened', segment(TCP_FLAG.fin)),
  to('tcp-null', 'a segment without flags', segment(0)),
  to('tcp-all', 'a segment with all flags', segment(63)),
  to('tcp-reset', 'a reset with data', segment(TCP_FLAG.reset)),
  to('tcp-syn-fin', 'beginning and end at once', segment(TCP_FLAG.syn | TCP_FLAG.fin)),
  to('tcp-ack-out', 'an acknowledgement out of a cage', segment(TCP_FLAG.ack), {
    from: 'caged',
    to: 'client',
    twin: { form: opening(() => ({ port: 80 })) },
  }),
  to(
    'short-udp',
    'a datagram of 4 bytes',
    protocolOf(PROTOCOL.udp, ({ data }) => data.subarray(0, 6)),
    { families: V4 },
  ),
];

const V4_TYPES: readonly (readonly [name: string, type: number])[] = [
  ['echo', ICMP.echo],
  ['echo-reply', ICMP.echoReply],
  ['unreachable', ICMP.unreachable],
  ['source-quench', ICMP.sourceQuench],
  ['redirect', ICMP.redirect],
  ['router-advertisement', ICMP.routerAdvertisement],
  ['router-solicitation', ICMP.routerSolicitation],
  ['timestamp', ICMP.timestamp],
  ['address-mask', ICMP.addressMask],
  ['extended-echo', ICMP.extendedEcho],
];

const V6_TYPES: readonly (readonly [name: string, type: number])[] = [
  ['echo', ICMPV6.echo],
  ['echo-reply', ICMPV6.echoReply],
  ['unreachable', ICMPV6.unreachable],
  ['too-big', ICMPV6.tooBig],
  ['time-exceeded', ICMPV6.timeExceeded],
  ['parameter-problem', ICMPV6.parameterProblem],
  ['listener-query', ICMPV6.listenerQuery],
  ['listener-report', ICMPV6.listenerReport],
  ['listener-done', ICMPV6.listenerDone],
  ['router-solicitation', ICMPV6.routerSolicitation],
  ['router-advertisement', ICMPV6.routerAdvertisement],
  ['solicitation', ICMPV6.neighbourSolicitation],
  ['advertisement', ICMPV6.neighbourAdvertisement],
  ['redirect', ICMPV6.redirect],
  ['node-information', ICMPV6.nodeInformation],
  ['inverse-solicitation', ICMPV6.inverseSolicitation],
  ['listener-report-2', ICMPV6.listenerReport2],
  ['home-agent', ICMPV6.homeAgent],
  ['certification-path', ICMPV6.certificationPath],
  ['multicast-router', ICMPV6.multicastRouter],
  ['rpl', ICMPV6.routingLossy],
  ['extended-echo', ICMPV6.extendedEcho],
  ['experimental', ICMPV6.experimental],
];

const FREE = new Set<number>([2, 130, 131, 132, 133, 134, 135, 136, 143]);

/** Sends a message of a given type whose only content is the token. */
const message =
  (type: number, ttl = 64): Form =>
  (play, from, at) => {
    const ends = play.ends(from, at);
    const own = u16(play.freshPort(), 1);
    const rest = Buffer.concat([play.data, Buffer.alloc(42)]);
    const icmpMessage = play.family === 'ipv4' ? icmp(type, 0, own, rest) : icmpv6(ends, type, 0, own, rest);
    const protocol = play.family === 'ipv4' ? PROTOCOL.icmp : PROTOCOL.icmpv6;
    play.packet(from, at, ip({ ...ends, protocol, ttl }, icmpMessage));
  };

const ofType = (family: 'ipv4' | 'ipv6', name: string, type: number): Attack =>
  to(`icmp${family === 'ipv6' ? 'v6' : ''}-${name}`, `ICMP type ${type} with any content`, message(type), {
    families: family === 'ipv4' ? V4 : V6,
    twin: { form: datagram(), to: 'client' },
    ...(family === 'ipv6' &&
      FREE.has(type) && {
        kind: 'closed',
        by: 'discovery has hop limit 255 and is of the link, MLD has hop limit 1; all else is judged',
      }),
  });

/** Types of ICMP to a pod that accepts nothing, and some from it. */
export const CONTROL_MESSAGES: readonly Attack[] = [
  ...V4_TYPES.map(([name, type]) => ofType('ipv4', name, type)),
  ...V6_TYPES.map(([name, type]) => ofType('ipv6', name, type)),
  ...(
    [
      ['too-big-out', ICMPV6.tooBig, 64],
      ['report-out', ICMPV6.listenerReport2, 64],
      ['solicitation-out', ICMPV6.neighbourSolicitation, 64],
      ['solicitation-255-out', ICMPV6.neighbourSolicitation, 255],
      ['advertisement-255-out', ICMPV6.neighbourAdvertisement, 255],
      ['router-255-out', ICMPV6.routerAdvertisement, 255],
    ] as const
  ).map(([name, type, ttl]) =>
    to(
      `icmpv6-${name}`,
      `ICMPv6 type ${type}, hop limit ${ttl}, routed out of a pod that may send nothing`,
      message(type, ttl),
      {
        families: V6,
        from: 'closed',
        to: 'outside',
        twin: { form: datagram(), from: 'stranger' },
        kind: 'closed',
        by: 'discovery has hop limit 255 and is of the link, MLD has hop limit 1; all else is judged',
      },
    ),
  ),
  to(
    'icmpv6-advertisement-255-across',
    'an advertisement with hop limit 255 to a pod of another node',
    message(ICMPV6.neighbourAdvertisement, 255),
    {
      families: V6,
      from: 'stranger2',
      twin: { form: datagram(), to: 'client' },
      kind: 'closed',
      by: 'discovery has hop limit 255 and is of the link, MLD has hop limit 1; all else is judged',
    },
  ),
];
