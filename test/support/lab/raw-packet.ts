import { isIPv6 } from 'node:net';
import { parseAddress } from '../../../src/policy/cidr.ts';

/** Packets that no honest program sends, as bytes from the IP header on. */

const bytesOf = (address: string): Buffer => {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`${address} is no address`);
  const digits = parsed.family === 'ipv4' ? 8 : 32;
  return Buffer.from(parsed.base.toString(16).padStart(digits, '0'), 'hex');
};

const word = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

/** The internet checksum (RFC 1071). */
const checksum = (data: Buffer): Buffer => {
  const even = data.length % 2 === 0 ? data : Buffer.concat([data, Buffer.alloc(1)]);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) sum += even.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return word(~sum & 0xffff);
};

const withChecksum = (data: Buffer, at: number, before: Buffer): Buffer => {
  const copy = Buffer.from(data);
  checksum(Buffer.concat([before, data])).copy(copy, at);
  return copy;
};

const pseudoHeader = (from: string, to: string, protocol: number, length: number): Buffer =>
  Buffer.concat([bytesOf(from), bytesOf(to), Buffer.from([0, 0, 0, 0]), word(length), word(protocol)]);

export interface PacketEnds {
  readonly from: string;
  readonly to: string;
  /** 64 if absent. */
  readonly hopLimit?: number;
}

/** Returns an IP packet of the protocol (an IANA number). */
export const ipPacket = ({ from, to, hopLimit = 64 }: PacketEnds, protocol: number, body: Buffer): Buffer => {
  if (isIPv6(to)) {
    const header = Buffer.concat([Buffer.from([0x60, 0, 0, 0]), word(body.length), Buffer.from([protocol, hopLimit])]);
    return Buffer.concat([header, bytesOf(from), bytesOf(to), body]);
  }
  const header = Buffer.concat([
    ...[Buffer.from([0x45, 0]), word(20 + body.length), Buffer.from([0, 1, 0, 0, hopLimit, protocol, 0, 0])],
    ...[bytesOf(from), bytesOf(to)],
  ]);
  return Buffer.concat([withChecksum(header, 10, Buffer.alloc(0)), body]);
};

/** Returns a UDP datagram in an IP packet. */
export const udpPacket = (ends: PacketEnds, [source, destination]: readonly [number, number], load: Buffer): Buffer => {
  const datagram = Buffer.concat([word(source), word(destination), word(8 + load.length), word(0), load]);
  const before = isIPv6(ends.to)
    ? pseudoHeader(ends.from, ends.to, 17, datagram.length)
    : Buffer.concat([bytesOf(ends.from), bytesOf(ends.to), word(17), word(datagram.length)]);
  return ipPacket(ends, 17, withChecksum(datagram, 6, before));
};

/** Returns an ICMP message of the ends' family; `rest` follows type, code and checksum. */
export const icmpPacket = (ends: PacketEnds, type: number, code: number, rest: Buffer): Buffer => {
  const message = Buffer.concat([Buffer.from([type, code, 0, 0]), rest]);
  const six = isIPv6(ends.to);
  const before = six ? pseudoHeader(ends.from, ends.to, 58, message.length) : Buffer.alloc(0);
  return ipPacket(ends, six ? 58 : 1, withChecksum(message, 2, before));
};

/** Returns an error about a UDP datagram, the made-up one that it quotes. */
export const icmpError = (ends: PacketEnds, type: number, code: number, quoted: Buffer): Buffer =>
  icmpPacket(ends, type, code, Buffer.concat([Buffer.from([0, 0, 5, 0]), quoted]));

/**
 * Returns the VXLAN content of a datagram (RFC 7348): the header with the network's number, an Ethernet frame, the
 * packet.
 */
export const vxlanLoad = (network: number, mac: string, packet: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([8, 0, 0, 0, 0, 0, network, 0]),
    Buffer.from(mac.replaceAll(':', ''), 'hex'),
    Buffer.from([2, 0, 0, 0, 0, 1]),
    word((packet[0] ?? 0) >> 4 === 6 ? 0x86dd : 0x800),
    packet,
  ]);

/**
 * Perl code that sends the packet of its second argument, in hexadecimal, to the address of the first, with its own
 * headers.
 */
export const SEND_RAW = `use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
my ($to, $hex) = @ARGV; my $six = $to =~ /:/;
socket(my $s, $six ? AF_INET6 : AF_INET, SOCK_RAW, 255) or die "socket: $!";
send($s, pack("H*", $hex), 0, $six ? pack_sockaddr_in6(0, inet_pton(AF_INET6, $to)) : pack_sockaddr_in(0, inet_aton($to))) or die "send: $!";`;
