import { addressText } from '../render/address-text.ts';
import type { FrameHeader } from '../render/netlink/packet-log.ts';
import { type ReadPacket, readPacket } from '../render/packets/read-packet.ts';

/** A question for a neighbour or an answer to one, by ARP (RFC 826) or neighbour discovery (RFC 4861). */
export interface NeighbourMessage {
  /** `ARP request`, `neighbour advertisement`. */
  readonly name: string;
  /** The address that the message is about, canonical. */
  readonly target: string;
  /** The address that the sender says it has; undefined where it says none. */
  readonly claimed: string | undefined;
}

/** A frame on a bridge, as far as a record needs it. */
export interface Frame {
  readonly header: FrameHeader;
  /** Addressed to more than one host. */
  readonly isGroup: boolean;
  /** What it carries, where that is IP. */
  readonly packet: ReadPacket | undefined;
  readonly neighbour: NeighbourMessage | undefined;
  /** Hosts send it by themselves, to find routers and to report the groups that they are in. */
  readonly isHousekeeping: boolean;
}

const ARP = 0x0806;
const ICMPV6 = 58;
/** ICMPv6 types 130 to 133 and 143: groups (RFC 2710, RFC 3810) and the search for routers. */
const HOUSEKEEPING: readonly number[] = [130, 131, 132, 133, 143];
const SOLICITATION = 135;
const ADVERTISEMENT = 136;
/** Bytes of an IPv6 header, and of the option in front of a message about groups (RFC 2711). */
const IPV6_BYTES = 40;
const ALERT_BYTES = 8;

const readArp = (bytes: Uint8Array): NeighbourMessage | undefined => {
  // Of Ethernet and IPv4: hardware, protocol, lengths, operation, then MAC and address of sender and target.
  if (bytes.length < 28) return undefined;
  const address = (at: number): string => addressText(bytes.subarray(at, at + 4));
  const operation = bytes[7] ?? 0;
  const name = operation === 1 ? 'ARP request' : operation === 2 ? 'ARP reply' : `ARP operation ${operation}`;
  const claimed = address(14);
  return { name, target: address(24), claimed: claimed === '0.0.0.0' ? undefined : claimed };
};

const icmp6Type = (bytes: Uint8Array): number | undefined => {
  if (bytes[6] === ICMPV6) return bytes[IPV6_BYTES];
  return bytes[6] === 0 && bytes[IPV6_BYTES] === ICMPV6 ? bytes[IPV6_BYTES + ALERT_BYTES] : undefined;
};

const readDiscovery = (type: number | undefined, { bytes, source }: ReadPacket): NeighbourMessage | undefined => {
  const isAnswer = type === ADVERTISEMENT;
  if ((!isAnswer && type !== SOLICITATION) || bytes.length < IPV6_BYTES + 24) return undefined;
  const target = addressText(bytes.subarray(IPV6_BYTES + 8, IPV6_BYTES + 24));
  // Who asks without an address of its own is about to take the target (RFC 4862, 5.4.2).
  const claimed = isAnswer || source === '::' ? target : source;
  return { name: isAnswer ? 'neighbour advertisement' : 'neighbour solicitation', target, claimed };
};

/** @param payload the first bytes after the Ethernet header */
export const readFrame = (header: FrameHeader, payload: Uint8Array): Frame => {
  const isGroup = (Number.parseInt(header.destination.slice(0, 2), 16) & 1) === 1;
  if (header.etherType === ARP) {
    return { header, isGroup, packet: undefined, neighbour: readArp(payload), isHousekeeping: false };
  }
  const packet = readPacket(payload);
  const type = packet?.family === 'ipv6' ? icmp6Type(packet.bytes) : undefined;
  return {
    header,
    isGroup,
    packet,
    neighbour: packet && readDiscovery(type, packet),
    isHousekeeping: type !== undefined && HOUSEKEEPING.includes(type),
  };
};

/** `ARP`, `TCP`, `frames of type 0x88cc`. @param named the name of an IP protocol */
export const frameProtocol = ({ header, packet }: Frame, named: (protocol: number) => string): string => {
  if (packet !== undefined) return named(packet.protocol);
  return header.etherType === ARP ? 'ARP' : `ethertype 0x${header.etherType.toString(16).padStart(4, '0')}`;
};
