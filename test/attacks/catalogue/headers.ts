import { transportChecksum, u16, u32, u8, withU16 } from '../frames/bytes.ts';
import { destinationOptions, extended, hopByHop, ipv4, ipv6, PROTOCOL, routing } from '../frames/ip.ts';
import { udp } from '../frames/transport.ts';
import { type Attack, EVERYWHERE, type Form, V4, V6 } from '../run/attack.ts';
import { chain, datagram } from './forms.ts';

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

const HELD = 'rules judge the upper header, wherever it is';

const form = (name: string, what: string, families: typeof V4, send: Form, rest: Partial<Attack> = {}): Attack => ({
  name: `headers/${name}`,
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

/** Options of IPv4, and headers between IPv6 and its payload. */
export const HEADERS: readonly Attack[] = [
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
  form('segments', 'a segment routing header (RFC 8754) whose last segment is reached', V6, (play, from, to) =>
    chain(routing(4, 0, [play.ip(to)]))(play, from, to),
  ),
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
