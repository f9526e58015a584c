import { type Extension, extended, ipv6, PROTOCOL } from '../frames/ip.ts';
import { udp } from '../frames/transport.ts';
import type { Tag } from '../frames/ethernet.ts';
import type { Form } from '../run/attack.ts';
import type { Lies, Play } from '../run/play.ts';
import type { Machine } from '../stage/cast.ts';

/** Lies that depend on which machines take part. */
export type LiesOf = (play: Play, from: Machine, to: Machine) => Lies;

/** Sends a datagram with some lies. */
export const datagram =
  (lies: LiesOf = () => ({})): Form =>
  (play, from, to) =>
    play.udp(from, to, lies(play, from, to));

/** Sends the first segment of a TCP connection, with some lies. */
export const opening =
  (lies: LiesOf = () => ({})): Form =>
  (play, from, to) =>
    play.syn(from, to, lies(play, from, to));

/** Sends a datagram in a frame with VLAN tags. */
export const tagged =
  (...tags: readonly Tag[]): Form =>
  (play, from, to) =>
    play.udp(from, to, { tags });

/** Sends a datagram behind extension headers. IPv6 only. */
export const chain =
  (...extensions: readonly Extension[]): Form =>
  (play, from, to) => {
    const ends = play.ends(from, to);
    const { protocol, payload } = extended(extensions, PROTOCOL.udp, udp(ends, play.ports(), play.data));
    play.packet(from, to, ipv6({ ...ends, protocol }, payload));
  };
