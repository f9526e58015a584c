import {
  attribute,
  attributesOf,
  bigEndian,
  type NetlinkMessage,
  type NetlinkRequest,
  numberOf,
  textOf,
} from './message.ts';

/** NFNL_SUBSYS_ULOG with NFULNL_MSG_PACKET and NFULNL_MSG_CONFIG (linux/netfilter/nfnetlink_log.h). */
export const PACKET_TYPE = 4 << 8;
const CONFIG = (4 << 8) | 1;

/** enum nfulnl_attr_config and nfulnl_msg_config_cmds. */
const CFG = { command: 1, mode: 2, timeout: 4, threshold: 5 } as const;
const BIND = 1;
const COPY_PACKET = 2;
/** enum nfulnl_attr_type */
const NFULA = { inDevice: 4, outDevice: 5, payload: 9, prefix: 10, linkHeader: 16 } as const;

/** Headers of IP and TCP with all options, and of what ICMP quotes. */
const COPIED_BYTES = 160;
/** So many packets are told of together, at most; */
const TOGETHER = 32;
/** and after this at the latest, hundredths of a second. */
const LATEST = 2;

/** A packet that a rule reported. */
export interface LoggedPacket {
  /** What the rule says of it. */
  readonly prefix: string;
  /** Index of the interface that it came in by, 0 where it was sent by the node; of a bridge, not of its port. */
  readonly inInterface: number;
  readonly outInterface: number;
  /** Sent to more than one host by its link layer. */
  readonly isGroup: boolean;
  /** From the IP header on, no more than the first bytes of it. */
  readonly payload: Uint8Array;
}

/** Returns the request for the headers of packets that are reported to the group. One socket at a time can have it. */
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
  return {
    prefix: prefix === undefined ? '' : textOf(prefix),
    inInterface: numberAt(NFULA.inDevice),
    outInterface: numberAt(NFULA.outDevice),
    isGroup: header !== undefined && header.byteLength > 0 && (header.getUint8(0) & 1) === 1,
    payload:
      payload === undefined
        ? new Uint8Array()
        : new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength).slice(),
  };
};
