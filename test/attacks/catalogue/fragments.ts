import { transportChecksum, u16, u32, u8, withU16 } from '../frames/bytes.ts';
import {
  destinationOptions,
  type Extension,
  extended,
  fragment,
  hopByHop,
  ipv4,
  ipv4Fragments,
  ipv6,
  ipv6Fragments,
  PROTOCOL,
  routing,
} from '../frames/ip.ts';
import { TCP_FLAG, tcp, udp } from '../frames/transport.ts';
import { type Attack, EVERYWHERE, type Form, V4, V6 } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import type { Machine } from '../stage/cast.ts';
import { datagram } from './forms.ts';

const ALLOWED = 53;
const FORBIDDEN = 9999;

let lastId = 1000;
const freshId = (): number => {
  lastId += 7;
  return lastId & 0xffff;
};

/** A datagram's bytes, long enough to be cut; the token begins a piece of 8 bytes. */
const body = (play: Play, from: Machine, to: Machine, port = FORBIDDEN): Buffer =>
  udp(play.ends(from, to), play.ports({ port }), Buffer.concat([play.data, Buffer.alloc(58)]));

const sendAll = (play: Play, from: Machine, to: Machine, packets: readonly Buffer[]): void => {
  for (const packet of packets) play.packet(from, to, packet);
};

const pieces =
  (bytes: number, order: (all: readonly Buffer[]) => readonly Buffer[] = (all) => all): Form =>
  (play, from, to) => {
    const parts = { ...play.ends(from, to), protocol: PROTOCOL.udp };
    const whole = body(play, from, to);
    const cut =
      play.family === 'ipv4'
        ? ipv4Fragments({ ...parts, id: freshId() }, whole, bytes)
        : ipv6Fragments(parts, freshId(), whole, bytes);
    sendAll(play, from, to, order(cut));
  };

/** The first piece says one port, a second one at the same place another. */
const overlap =
  (evilFirst: boolean): Form =>
  (play, from, to) => {
    const good = body(play, from, to, ALLOWED);
    // Without a checksum, which could be right for one of them only.
    const unsummed = withU16(good, 6, 0);
    const evil = withU16(unsummed, 2, FORBIDDEN);
    const id = freshId();
    const ends = play.ends(from, to);
    const piece = (bytes: Buffer, at: number, more: boolean): Buffer => {
      if (play.family === 'ipv4') return ipv4({ ...ends, protocol: PROTOCOL.udp, id, offset: at, more }, bytes);
      const header = fragment(id, at, more);
      return ipv6({ ...ends, protocol: header.number }, Buffer.concat([header.bytes(PROTOCOL.udp), bytes]));
    };
    const first = [piece(unsummed.subarray(0, 24), 0, true), piece(evil.subarray(0, 16), 0, true)];
    sendAll(play, from, to, [...(evilFirst ? first.toReversed() : first), piece(unsummed.subarray(24), 3, false)]);
  };

const option =
  (bytes: Buffer): Form =>
  (play, from, to) => {
    const ends = play.ends(from, to);
    play.packet(
      from,
      to,
      ipv4({ ...ends, protocol: PROTOCOL.udp, options: bytes }, udp(ends, play.ports(), play.data)),
    );
  };

const chain =
  (...extensions: readonly Extension[]): Form =>
  (play, from, to) => {
    const ends = play.ends(from, to);
    const { protocol, payload } = extended(extensions, PROTOCOL.udp, udp(ends, play.ports(), play.data));
    play.packet(from, to, ipv6({ ...ends, protocol }, payload));
  };

/** Cuts what follows some headers into two pieces, the first of which has `at` bytes. */
const cutAt =
  (at: number, ...inner: readonly Extension[]): Form =>
  (play, from, to) => {
    const ends = play.ends(from, to);
    const { protocol, payload } = extended(inner, PROTOCOL.udp, body(play, from, to));
    const id = freshId();
    const piece = (bytes: Buffer, offset: number, more: boolean): Buffer =>
      ipv6(
        { ...ends, protocol: PROTOCOL.fragment },
        Buffer.concat([fragment(id, offset, more).bytes(protocol), bytes]),
      );
    sendAll(play, from, to, [piece(payload.subarray(0, at), 0, true), piece(payload.subarray(at), at / 8, false)]);
  };

const HELD =
  'connection tracking puts packets together before rules see them; rules judge the upper header, wherever it is';

const form = (name: string, what: string, families: typeof V4, send: Form, rest: Partial<Attack> = {}): Attack => ({
  name: `fragments/${name}`,
  what,
  needs: 'NET_RAW',
  networks: EVERYWHERE,
  families,
  form: send,
  from: 'stranger',
  to: 'closed',
  twin: { to: 'client' },
  kind: 'held',
  by: HELD,
  ...rest,
});

/** The reassembly of the kernel refuses the form whoever sends it: its twin is one that is put together. */
const REFUSED: Partial<Attack> = { twin: { form: pieces(24), to: 'client' } };

/** Packets in pieces, and headers between IP and what it carries. */
export const FRAGMENTS: readonly Attack[] = [
  form('of-8-bytes', 'pieces of 8 bytes: the ports are in the first alone', V4, pieces(8)),
  form('of-24-bytes', 'pieces of 24 bytes', V4, pieces(24)),
  form(
    'reversed',
    'the last piece first',
    V4,
    pieces(16, (all) => all.toReversed()),
  ),
  form('v6', 'pieces with fragment headers', V6, pieces(24)),
  form(
    'v6-reversed',
    'the last piece first',
    V6,
    pieces(16, (all) => all.toReversed()),
  ),
  form('overlap', 'two first pieces, the second with another port', [...V4, ...V6], overlap(false), REFUSED),
  form('overlap-evil-first', 'the same the other way round', [...V4, ...V6], overlap(true), REFUSED),
  form(
    'lone-later-piece',
    'a piece without a first one: it has no ports at all',
    V4,
    (play, from, to) => {
      const parts = { ...play.ends(from, to), protocol: PROTOCOL.udp, id: freshId(), offset: 8 };
      play.packet(from, to, ipv4(parts, Buffer.concat([play.data, Buffer.alloc(18)])));
    },
    REFUSED,
  ),
  form('tcp-header-cut', 'a TCP header in two pieces: the flags are in the second', V4, (play, from, to) => {
    const ends = play.ends(from, to);
    const segment = tcp(ends, { ...play.ports(), flags: TCP_FLAG.syn }, play.data);
    const parts = { ...ends, protocol: PROTOCOL.tcp, id: freshId() };
    sendAll(play, from, to, [
      ipv4({ ...parts, more: true }, segment.subarray(0, 8)),
      ipv4({ ...parts, offset: 1 }, segment.subarray(8)),
    ]);
  }),
  form('router-alert', 'an option of IPv4 before the ports (RFC 2113)', V4, option(u8(0x94, 4, 0, 0))),
  form('no-operations', 'eight options that say nothing', V4, option(u8(1, 1, 1, 1, 1, 1, 1, 1))),
  form('timestamps', 'the option that gathers timestamps', V4, option(u8(0x44, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0))),
  form('record-route', 'the option that gathers the way', V4, option(Buffer.concat([u8(7, 7, 4), u32(0), u8(0)]))),
  form(
    'loose-source-route',
    'a source route through a pod that takes everything to one that takes nothing',
    V4,
    option(Buffer.concat([u8(0x83, 7, 8), u8(10, 244, 1, 0x30), u8(0)])),
    { refused: { networks: ['routed'] }, twin: { form: datagram(), to: 'client' } },
  ),
  form(
    'strict-source-route',
    'the frame goes to a pod that takes everything; its source route leads to one that takes nothing',
    V4,
    (play, from, to) => {
      const ends = { source: play.ip(from), destination: play.ip('client') };
      const octets = play.ip(to).split('.').map(Number);
      const options = Buffer.concat([u8(0x89, 7, 4), u8(...octets), u8(0)]);
      play.packet(
        from,
        'client',
        ipv4({ ...ends, protocol: PROTOCOL.udp, options }, udp(ends, play.ports(), play.data)),
      );
    },
    {
      kind: 'kernel',
      by: 'pods and nodes follow no source routes (accept_source_route)',
      twin: { form: datagram(), to: 'client' },
    },
  ),
  form('atomic', 'a whole packet with a fragment header (RFC 6946)', V6, chain(fragment(77, 0, false))),
  form('two-atomic', 'the same with two of them', V6, chain(fragment(77, 0, false), fragment(78, 0, false))),
  form(
    'options-first',
    'the first piece holds options alone, the ports are in the second',
    V6,
    cutAt(16, destinationOptions(Buffer.concat([u8(1, 12), Buffer.alloc(12)]))),
    REFUSED,
  ),
  form(
    'half-header',
    'the first piece holds half of the UDP header',
    V6,
    cutAt(16, destinationOptions(), destinationOptions()),
    REFUSED,
  ),
  form('nested', 'a fragment header inside a packet in pieces', V6, cutAt(32, fragment(79, 0, false))),
  form(
    'halves-in-atomic',
    'two halves, each in a fragment header of its own: they meet at the receiver',
    V6,
    (play, from, to) => {
      const ends = play.ends(from, to);
      const whole = body(play, from, to);
      const inner = freshId();
      sendAll(
        play,
        from,
        to,
        [0, 1].map((half) => {
          const piece = Buffer.concat([
            fragment(inner, 4 * half, half === 0).bytes(PROTOCOL.udp),
            whole.subarray(32 * half, half === 0 ? 32 : undefined),
          ]);
          return ipv6(
            { ...ends, protocol: PROTOCOL.fragment },
            Buffer.concat([fragment(freshId(), 0, false).bytes(44), piece]),
          );
        }),
      );
    },
  ),
  form('hop-by-hop', 'options for each hop', V6, chain(hopByHop())),
  form('hop-by-hop-alert', 'the router alert (RFC 2711)', V6, chain(hopByHop(u8(5, 2, 0, 0)))),
  form('destination-options', 'options for the destination', V6, chain(destinationOptions())),
  form('many-options', '20 headers of options', V6, chain(...Array.from({ length: 20 }, () => destinationOptions()))),
  form(
    'hop-by-hop-late',
    'options for each hop where they must not be, behind others',
    V6,
    chain(destinationOptions(), hopByHop()),
  ),
  form('routing-0', 'a routing header of type 0 (RFC 5095) with nothing left', V6, chain(routing(0, 0, []))),
  form('routing-253', 'a routing header of a type for experiments', V6, chain(routing(253, 0, []))),
  form('segments', 'a segment routing header (RFC 8754) whose last segment is reached', V6, (play, from, to) => {
    chain(routing(4, 0, [play.ip(to)]))(play, from, to);
  }),
  form(
    'routing-by-another',
    'a routing header that leads from a pod that takes everything to one that takes nothing',
    V6,
    (play, from, to) => {
      const ends = { source: play.ip(from), destination: play.ip('client') };
      const { protocol, payload } = extended(
        [routing(4, 1, [play.ip(to), play.ip('client')])],
        PROTOCOL.udp,
        udp(ends, play.ports(), play.data),
      );
      play.packet(from, 'client', ipv6({ ...ends, protocol }, payload));
    },
    {
      kind: 'kernel',
      by: 'pods and nodes follow no routing headers (seg6_enabled, RFC 5095)',
      twin: { form: datagram(), to: 'client' },
    },
  ),
  form('no-next-header', 'data behind “no next header” (RFC 8200, 4.7)', V6, (play, from, to) => {
    play.packet(
      from,
      to,
      ipv6({ ...play.ends(from, to), protocol: PROTOCOL.none }, Buffer.concat([play.data, Buffer.alloc(18)])),
    );
  }),
  form(
    'jumbo',
    'a jumbo payload option, and 0 as length (RFC 2675)',
    V6,
    (play, from, to) => {
      const ends = play.ends(from, to);
      const data = udp(ends, play.ports(), play.data);
      const header = hopByHop(Buffer.concat([u8(0xc2, 4), u32(8 + data.length)]));
      const packet = ipv6({ ...ends, protocol: header.number }, Buffer.concat([header.bytes(PROTOCOL.udp), data]));
      play.packet(from, to, withU16(packet, 4, 0));
    },
    {
      kind: 'kernel',
      by: 'a jumbo payload of less than 65,536 bytes is refused by every hop (RFC 2675, 3)',
      twin: { form: datagram(), to: 'client' },
    },
  ),
  form('authentication', 'an authentication header (RFC 4302) before the ports', V6, (play, from, to) => {
    const ends = play.ends(from, to);
    const header = Buffer.concat([u8(PROTOCOL.udp, 4), u16(0), u32(1, 1), Buffer.alloc(12)]);
    play.packet(
      from,
      to,
      ipv6({ ...ends, protocol: PROTOCOL.ah }, Buffer.concat([header, udp(ends, play.ports(), play.data)])),
    );
  }),
  form(
    'wrong-checksum',
    'a datagram whose checksum is wrong',
    [...V4, ...V6],
    (play, from, to) => {
      const ends = play.ends(from, to);
      const good = udp(ends, play.ports(), play.data);
      const sum = transportChecksum(ends.source, ends.destination, PROTOCOL.udp, withU16(good, 6, 0));
      const bad = withU16(good, 6, sum ^ 0x5555);
      const parts = { ...ends, protocol: PROTOCOL.udp };
      play.packet(from, to, play.family === 'ipv4' ? ipv4(parts, bad) : ipv6(parts, bad));
    },
    { by: 'what connection tracking takes for invalid is judged as anything else' },
  ),
];
