import ipaddr from 'ipaddr.js';
import type { ConnectionTuple } from '../../model/connection.ts';
import type { IpFamily } from '../../model/family.ts';
import { attribute, bigEndian, nest } from './message.ts';

/** linux/socket.h */
export const ADDRESS_FAMILY: Readonly<Record<IpFamily, number>> = { ipv4: 2, ipv6: 10 };

/** linux/netfilter/nfnetlink_conntrack.h: the nested attributes of a tuple. */
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

export const zoneAttributes = (type: number, zone: number): readonly Uint8Array[] =>
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

const address = (text: string): Uint8Array => Uint8Array.from(ipaddr.parse(text).toByteArray());

/** Returns a tuple as an attribute of the type CTA_TUPLE_ORIG or CTA_TUPLE_REPLY. */
export const tupleAttribute = (type: number, protocol: number, family: IpFamily, tuple: ConnectionTuple): Uint8Array =>
  nest(type, [
    nest(TUPLE.ip, [
      attribute(IP[family].source, address(tuple.source)),
      attribute(IP[family].destination, address(tuple.destination)),
    ]),
    nest(TUPLE.protocol, protocolAttributes(protocol, family, tuple)),
    ...zoneAttributes(TUPLE.zone, tuple.zone),
  ]);
