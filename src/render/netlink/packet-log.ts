import type { IpFamily } from '../../model/family.ts';
import { addressText, bytesOf } from '../address-text.ts';
import { ADDRESS_FAMILY } from './conntrack-tuple.ts';
import {
  attribute,
  attributesOf,
  bigEndian,
  nestedIn,
  type NetlinkAttribute,
  type NetlinkMessage,
  type NetlinkRequest,
  numberOf,
  textOf,
} from './message.ts';

/** NFNL_SUBSYS_ULOG with NFULNL_MSG_PACKET and NFULNL_MSG_CONFIG (linux/netfilter/nfnetlink_log.h). */
export const PACKET_TYPE = 4 << 8;
const CONFIG = (4 << 8) | 1;

/** enum nfulnl_attr_config and nfulnl_msg_config_cmds. */
const CFG = { command: 1, mode: 2, timeout: 4, threshold: 5, flags: 6 } as const;
const BIND = 1;
const COPY_PACKET = 2;
/** NFULNL_CFG_F_SEQ: each message bears a number of the group, one more than the last. */
const NUMBERED = 1;
/** NFULNL_CFG_F_CONNTRACK: each message bears the connection of its packet. */
const WITH_CONNECTION = 4;
/** enum nfulnl_attr_type */
const NFULA = {
  header: 1,
  inDevice: 4,
  outDevice: 5,
  inPort: 6,
  outPort: 7,
  payload: 9,
  prefix: 10,
  sequence: 12,
  linkHeader: 16,
  connection: 18,
  frameHeader: 21,
} as const;
/** linux/netfilter/nfnetlink_conntrack.h: CTA_TUPLE_ORIG and what is nested in it. */
const CTA_ORIGINAL = 1;
const TUPLE = { addresses: 1, ports: 2, ipv4Destination: 2, ipv6Destination: 4, destinationPort: 3 } as const;

/** Enough for the headers of IP and TCP with all options, and for the packet that ICMP quotes. */
const COPIED_BYTES = 160;
/** Headers of IPv6 with some extensions, and of TCP without options. */
const RECORDED_BYTES = 96;
/** Maximum number of packets in one message. */
const TOGETHER = 32;
/** Maximum delay of a message, in hundredths of a second. */
const LATEST = 2;

/** A packet that a rule reported. */
export interface LoggedPacket {
  /** The rule is one of this family's; IPv4 where it is a bridge's. */
  readonly family: IpFamily;
  /** The prefix that the rule gives. */
  readonly prefix: string;
  /** Index of the interface that it came in by (of a bridge, not of its port); 0 if the node sent it. */
  readonly inInterface: number;
  readonly outInterface: number;
  /** Indexes of the ports of a bridge; 0 where it did not pass one, or has not chosen one yet. */
  readonly inPort: number;
  readonly outPort: number;
  /** The Ethernet header; undefined unless a rule of the bridge family reported it. */
  readonly frame: FrameHeader | undefined;
  /** Whether its link layer addressed more than one host. */
  readonly isGroup: boolean;
  /** The first bytes from the IP header on. */
  readonly payload: Uint8Array;
  /** Its number in the group; 0 if numbers were not requested. */
  readonly sequence: number;
  /** The destination before translation, if requested and known to the kernel. */
  readonly askedFor?: AskedFor | undefined;
}

/** An Ethernet header. */
export interface FrameHeader {
  /** MACs, lower case. */
  readonly source: string;
  readonly destination: string;
  /** What the frame carries, below its tags that the kernel has taken off. */
  readonly etherType: number;
}

/** A destination before translation. */
interface AskedFor {
  /** Canonical text. */
  readonly address: string;
  /** 0 where the protocol has none. */
  readonly port: number;
}

/** Returns the request for the headers of packets reported to the group. One socket at a time can have a group. */
export const packetLogRequest = (group: number): NetlinkRequest => ({
  type: CONFIG,
  answer: 'ack',
  family: 0,
  resource: group,
  attributes: [
    attribute(CFG.command, bigEndian(BIND, 1)),
    attribute(CFG.mode, Uint8Array.from([...bigEndian(COPIED_BYTES, 4), COPY_PACKET, 0])),
    attribute(CFG.timeout, bigEndian(LATEST, 4)),
    attribute(CFG.threshold, bigEndian(TOGETHER, 4)),
  ],
});

/**
 * Returns the request for packets of the group, each at once and numbered, so that it is known how many were lost.
 * @param withConnections each with its connection, which takes nf_conntrack_netlink: without it the request is refused
 */
export const recordLogRequest = (group: number, withConnections: boolean): NetlinkRequest => ({
  type: CONFIG,
  answer: 'ack',
  family: 0,
  resource: group,
  attributes: [
    attribute(CFG.command, bigEndian(BIND, 1)),
    attribute(CFG.mode, Uint8Array.from([...bigEndian(RECORDED_BYTES, 4), COPY_PACKET, 0])),
    attribute(CFG.threshold, bigEndian(1, 4)),
    attribute(CFG.flags, bigEndian(NUMBERED | (withConnections ? WITH_CONNECTION : 0), 2)),
  ],
});

/** Returns the destination that the opener of the packet's connection asked for: an address of a Service, if it was translated. */
const askedForIn = (connection: NetlinkAttribute): AskedFor | undefined => {
  const original = nestedIn(connection).find(({ type }) => type === CTA_ORIGINAL);
  const tuple = original && nestedIn(original);
  const addresses = tuple?.find(({ type }) => type === TUPLE.addresses);
  const ports = tuple?.find(({ type }) => type === TUPLE.ports);
  const address =
    addresses &&
    nestedIn(addresses).find(({ type }) => type === TUPLE.ipv4Destination || type === TUPLE.ipv6Destination);
  if (address === undefined || (address.value.byteLength !== 4 && address.value.byteLength !== 16)) return undefined;
  const port = ports && nestedIn(ports).find(({ type }) => type === TUPLE.destinationPort);
  return { address: addressText(bytesOf(address.value)), port: port === undefined ? 0 : numberOf(port) };
};

/** Bytes of an Ethernet header: two MACs and the type. */
const ETHERNET_BYTES = 14;

const macAt = (bytes: Uint8Array, from: number): string =>
  [...bytes.subarray(from, from + 6)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');

/** @param header struct nfulnl_msg_packet_hdr: the type of what is carried, and the hook */
const frameOf = (
  ethernet: NetlinkAttribute | undefined,
  header: NetlinkAttribute | undefined,
): FrameHeader | undefined => {
  if (ethernet === undefined || ethernet.value.byteLength < ETHERNET_BYTES) return undefined;
  const bytes = bytesOf(ethernet.value);
  const etherType = header === undefined ? ethernet.value.getUint16(12) : header.value.getUint16(0);
  return { destination: macAt(bytes, 0), source: macAt(bytes, 6), etherType };
};

/** Returns the packet of a message of PACKET_TYPE. */
export const loggedPacket = (message: NetlinkMessage): LoggedPacket => {
  const found = new Map(attributesOf(message).map((each) => [each.type, each]));
  const numberAt = (type: number): number => {
    const attribute = found.get(type);
    return attribute === undefined ? 0 : numberOf(attribute);
  };
  const prefix = found.get(NFULA.prefix);
  const header = found.get(NFULA.linkHeader)?.value;
  const payload = found.get(NFULA.payload)?.value;
  const connection = found.get(NFULA.connection);
  return {
    family: message.body.getUint8(0) === ADDRESS_FAMILY.ipv6 ? 'ipv6' : 'ipv4',
    sequence: numberAt(NFULA.sequence),
    askedFor: connection && askedForIn(connection),
    prefix: prefix === undefined ? '' : textOf(prefix),
    inInterface: numberAt(NFULA.inDevice),
    outInterface: numberAt(NFULA.outDevice),
    inPort: numberAt(NFULA.inPort),
    outPort: numberAt(NFULA.outPort),
    frame: frameOf(found.get(NFULA.frameHeader), found.get(NFULA.header)),
    isGroup: header !== undefined && header.byteLength > 0 && (header.getUint8(0) & 1) === 1,
    payload: payload === undefined ? new Uint8Array() : bytesOf(payload).slice(),
  };
};
