import ipaddr from 'ipaddr.js';
import type { ConnectionTuple, TrackedConnection } from '../../model/connection.ts';
import type { IpFamily } from '../../model/family.ts';
import { attribute, bigEndian, nest, type NetlinkRequest } from './message.ts';

/** NFNL_SUBSYS_CTNETLINK and IPCTNL_MSG_CT_DELETE (linux/netfilter/nfnetlink.h, nfnetlink_conntrack.h). */
const DELETE = (1 << 8) | 2;

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

const zoneAttributes = (type: number, zone: number): readonly Uint8Array[] =>
  zone === 0 ? [] : [attribute(type, bigEndian(zone, 2))];

const protocolAttributes = (protocol: number, family: IpFamily, tuple: ConnectionTuple): readonly Uint8Array[] => {
  const number = attribute(PROTOCOL.number, bigEndian(protocol, 1));
  if (tuple.icmp !== undefined) {
    const { id, type, code } = ICMP[family];
    return [
      number,
      attribute(id, bigEndian(tuple.icmp.id, 2)),
      attribute(type, bigEndian(tuple.icmp.type, 1)),
      attribute(code, bigEndian(tuple.icmp.code, 1)),
    ];
  }
  return [
    number,
    attribute(PROTOCOL.sourcePort, bigEndian(tuple.sourcePort, 2)),
    attribute(PROTOCOL.destinationPort, bigEndian(tuple.destinationPort, 2)),
  ];
};

/**
 * Returns the request that deletes exactly this entry of the connection tracking table. The kernel finds it by tuple and
 * zone and compares its identity, so an entry that took its place meanwhile stays.
 */
export const conntrackDelete = ({ family, protocol, original, zone, id }: TrackedConnection): NetlinkRequest => {
  const address = (text: string): Uint8Array => Uint8Array.from(ipaddr.parse(text).toByteArray());
  return {
    type: DELETE,
    answer: 'ack',
    family: ADDRESS_FAMILY[family],
    attributes: [
      nest(TUPLE_ORIG, [
        nest(TUPLE.ip, [
          attribute(IP[family].source, address(original.source)),
          attribute(IP[family].destination, address(original.destination)),
        ]),
        nest(TUPLE.protocol, protocolAttributes(protocol, family, original)),
        ...zoneAttributes(TUPLE.zone, original.zone),
      ]),
      ...zoneAttributes(ZONE, zone),
      attribute(ID, bigEndian(id, 4)),
    ],
  };
};
