import { u8, withU16 } from '../frames/bytes.ts';
import {
  destinationOptions,
  type Extension,
  extended,
  fragment,
  ipv4,
  ipv4Fragments,
  ipv6,
  ipv6Fragments,
  PROTOCOL,
} from '../frames/ip.ts';
import { TCP_FLAG, tcp, udp } from '../frames/transport.ts';
import { type Attack, EVERYWHERE, type Form, V4, V6 } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import type { Machine } from '../stage/cast.ts';
import { chain } from './forms.ts';

const ALLOWED = 53;
const FORBIDDEN = 9999;

let lastId = 1000;
const freshId = (): number => {
  lastId += 7;
  return lastId & 0xffff;
};

/** A datagram long enough to be fragmented; the token is at the start of a unit of 8 bytes. */
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

/** The first fragment contains one port, a second one at the same offset another. */
const overlap =
  (evilFirst: boolean): Form =>
  (play, from, to) => {
    const good = body(play, from, to, ALLOWED);
    // No checksum: it could be right for one of the two only.
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

/** Cuts what follows some headers into two fragments, the first of which has `at` bytes. */
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

/** The kernel's reassembly refuses this form from anyone; the twin is a form that it reassembles. */
const REFUSED: Partial<Attack> = { twin: { form: pieces(24), to: 'client' } };

/** Fragments, and headers between IP and its payload. */
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
];
