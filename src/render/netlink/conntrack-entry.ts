import type { ConnectionTuple } from '../../model/connection.ts';
import type { IpFamily } from '../../model/family.ts';
import { ADDRESS_FAMILY, tupleAttribute, zoneAttributes } from './conntrack-tuple.ts';
import {
  attribute,
  attributesOf,
  bigEndian,
  nest,
  nestedIn,
  type NetlinkMessage,
  type NetlinkRequest,
} from './message.ts';

/** NFNL_SUBSYS_CTNETLINK with IPCTNL_MSG_CT_NEW and IPCTNL_MSG_CT_GET (linux/netfilter/nfnetlink_conntrack.h). */
const NEW = 1 << 8;
const GET = (1 << 8) | 1;

const TCP = 6;

/** linux/netfilter/nfnetlink_conntrack.h: enum ctattr_type and what is nested in CTA_PROTOINFO. */
const CTA = { original: 1, reply: 2, status: 3, protocolInfo: 4, timeout: 7, zone: 18 } as const;
const INFO_TCP = 1;
const TCP_INFO = { state: 1, flagsOriginal: 4, flagsReply: 5 } as const;

/** linux/netfilter/nf_conntrack_common.h: IPS_SEEN_REPLY, IPS_ASSURED, IPS_CONFIRMED. */
const STATUS = (1 << 1) | (1 << 2) | (1 << 3);
/** linux/netfilter/nf_conntrack_tcp.h: TCP_CONNTRACK_ESTABLISHED, IP_CT_TCP_FLAG_BE_LIBERAL. */
const ESTABLISHED = 3;
const BE_LIBERAL = 0x08;
/** In seconds, until the next packet; from then on the kernel's own timeouts apply. */
const FIRST_TIMEOUT = 300;

const reversed = (tuple: ConnectionTuple): ConnectionTuple => ({
  ...tuple,
  source: tuple.destination,
  destination: tuple.source,
  sourcePort: tuple.destinationPort,
  destinationPort: tuple.sourcePort,
});

/**
 * Sequence numbers are unknown, so none is checked against the window. The kernel does the same when it picks up a
 * connection.
 */
const LIBERAL = Uint8Array.from([BE_LIBERAL, BE_LIBERAL]);

/**
 * Returns the request that creates an entry for an established TCP connection without translation. It fails if the tuple has
 * an entry in either direction.
 * @param original from the end that opened the connection to the other one
 */
export const conntrackCreate = (family: IpFamily, original: ConnectionTuple): NetlinkRequest => ({
  type: NEW,
  answer: 'ack',
  creates: true,
  family: ADDRESS_FAMILY[family],
  attributes: [
    tupleAttribute(CTA.original, TCP, family, original),
    tupleAttribute(CTA.reply, TCP, family, reversed(original)),
    ...zoneAttributes(CTA.zone, original.zone),
    attribute(CTA.timeout, bigEndian(FIRST_TIMEOUT, 4)),
    attribute(CTA.status, bigEndian(STATUS, 4)),
    nest(CTA.protocolInfo, [
      nest(INFO_TCP, [
        attribute(TCP_INFO.state, bigEndian(ESTABLISHED, 1)),
        attribute(TCP_INFO.flagsOriginal, LIBERAL),
        attribute(TCP_INFO.flagsReply, LIBERAL),
      ]),
    ]),
  ],
});

/** Returns the request for the TCP entry with this tuple in either direction; it fails with ENOENT if there is none. */
export const conntrackGet = (family: IpFamily, tuple: ConnectionTuple, zone = 0): NetlinkRequest => ({
  type: GET,
  answer: 'ack',
  family: ADDRESS_FAMILY[family],
  attributes: [tupleAttribute(CTA.original, TCP, family, tuple), ...zoneAttributes(CTA.zone, zone)],
});

/**
 * Reports whether the kernel picked up the TCP connection in the middle, so that it cannot know who opened it. It marks
 * such an entry as liberal, since it has not seen the start of the window (tcp_new in
 * net/netfilter/nf_conntrack_proto_tcp.c).
 */
export const isPickedUp = (entry: NetlinkMessage): boolean => {
  const info = attributesOf(entry).find(({ type }) => type === CTA.protocolInfo);
  const tcp = info && nestedIn(info).find(({ type }) => type === INFO_TCP);
  const flags = tcp && nestedIn(tcp).find(({ type }) => type === TCP_INFO.flagsOriginal);
  return flags !== undefined && (flags.value.getUint8(0) & BE_LIBERAL) !== 0;
};
