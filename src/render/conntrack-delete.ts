import ipaddr from 'ipaddr.js';
import type { ConnectionTuple, TrackedConnection } from '../model/connection.ts';
import type { IpFamily } from '../model/family.ts';

/** linux/netfilter/nfnetlink.h: the message type is the subsystem and what it is to do. */
const DELETE = (1 << 8) | 2;
/** NLM_F_REQUEST and NLM_F_ACK (netlink(7)). */
const FLAGS = 0x5;
const NESTED = 0x8000;

/** linux/socket.h */
const ADDRESS_FAMILY: Readonly<Record<IpFamily, number>> = { ipv4: 2, ipv6: 10 };

/** linux/netfilter/nfnetlink_conntrack.h: enum ctattr_type and those of the nested attributes. */
const TUPLE_ORIG = 1;
const ID = 12;
const ZONE = 18;
const TUPLE = { ip: 1, protocol: 2, zone: 3 } as const;
const IP: Readonly<Record<IpFamily, { readonly source: number; readonly destination: number }>> = {
  ipv4: { source: 1, destination: 2 },
  ipv6: { source: 3, destination: 4 },
};
const PROTOCOL = { number: 1, sourcePort: 2, destinationPort: 3 } as const;
const ICMP: Readonly<Record<IpFamily, { readonly id: number; readonly type: number; readonly code: number }>> = {
  ipv4: { id: 4, type: 5, code: 6 },
  ipv6: { id: 7, type: 8, code: 9 },
};

type Bytes = readonly number[];

/** Headers are in the byte order of the machine, values in that of the network. */
const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

const bigEndian = (value: number, bytes: number): Bytes =>
  Array.from({ length: bytes }, (_, at) => Math.floor(value / 2 ** (8 * (bytes - 1 - at))) % 256);

const hostEndian = (value: number, bytes: number): Bytes =>
  LITTLE_ENDIAN ? bigEndian(value, bytes).toReversed() : bigEndian(value, bytes);

/** An attribute (netlink(7), rtnetlink(7)): its length, its type, the value, and padding to four bytes. */
const attribute = (type: number, value: Bytes): Bytes => [
  ...hostEndian(value.length + 4, 2),
  ...hostEndian(type, 2),
  ...value,
  ...new Array<number>((4 - (value.length % 4)) % 4).fill(0),
];

const nest = (type: number, attributes: readonly Bytes[]): Bytes => attribute(type | NESTED, attributes.flat());

const zoneAttributes = (type: number, zone: number): readonly Bytes[] =>
  zone === 0 ? [] : [attribute(type, bigEndian(zone, 2))];

const protocolAttributes = (protocol: number, family: IpFamily, tuple: ConnectionTuple): readonly Bytes[] => {
  const number = attribute(PROTOCOL.number, [protocol]);
  if (tuple.icmp !== undefined) {
    const { id, type, code } = ICMP[family];
    return [
      number,
      attribute(id, bigEndian(tuple.icmp.id, 2)),
      attribute(type, [tuple.icmp.type]),
      attribute(code, [tuple.icmp.code]),
    ];
  }
  return [
    number,
    attribute(PROTOCOL.sourcePort, bigEndian(tuple.sourcePort, 2)),
    attribute(PROTOCOL.destinationPort, bigEndian(tuple.destinationPort, 2)),
  ];
};

/**
 * The netlink message that deletes exactly this entry of the connection tracking table, as hexadecimal text. The kernel
 * finds it by tuple and zone and compares its identity, so an entry that took its place meanwhile stays.
 */
export const conntrackDelete = ({ family, protocol, original, zone, id }: TrackedConnection): string => {
  const address = (text: string): Bytes => ipaddr.parse(text).toByteArray();
  const body = [
    // struct nfgenmsg
    ...[ADDRESS_FAMILY[family], 0, 0, 0],
    ...nest(TUPLE_ORIG, [
      nest(TUPLE.ip, [
        attribute(IP[family].source, address(original.source)),
        attribute(IP[family].destination, address(original.destination)),
      ]),
      nest(TUPLE.protocol, protocolAttributes(protocol, family, original)),
      ...zoneAttributes(TUPLE.zone, original.zone),
    ]),
    ...zoneAttributes(ZONE, zone).flat(),
    ...attribute(ID, bigEndian(id, 4)),
  ];
  // struct nlmsghdr: length, type, flags, sequence number, port
  const message = [
    ...hostEndian(body.length + 16, 4),
    ...hostEndian(DELETE, 2),
    ...hostEndian(FLAGS, 2),
    ...hostEndian(0, 4),
    ...hostEndian(0, 4),
    ...body,
  ];
  return message.map((byte) => byte.toString(16).padStart(2, '0')).join('');
};
