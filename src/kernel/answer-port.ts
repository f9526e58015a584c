import type { IpFamily } from '../model/family.ts';
import type { AnswerPort } from '../reconcile/answers.ts';
import type { TcpConnection } from '../reconcile/cut-memory.ts';
import type { ConnectionTuple } from '../model/connection.ts';
import { conntrackCreate, conntrackGet } from '../render/netlink/conntrack-entry.ts';
import { type LoggedPacket, loggedPacket, PACKET_TYPE, packetLogRequest } from '../render/netlink/packet-log.ts';
import { type Netlink, NetlinkError } from './netlink/netlink.ts';

/** errno(3) */
const ENOENT = -2;
const EEXIST = -17;

const tupleOf = (connection: TcpConnection): ConnectionTuple => ({ ...connection, icmp: undefined, zone: 0 });

/** @returns whether the kernel did it; false for this error. @throws NetlinkError for any other error */
const unless = async (code: number, work: Promise<unknown>): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && error.code === code) return false;
    throw error;
  }
};

export const createAnswerPort = (netlink: Netlink): AnswerPort => ({
  resume: (family: IpFamily, connection) =>
    unless(EEXIST, netlink.request(conntrackCreate(family, tupleOf(connection)))),
  isTracked: (family, connection) => unless(ENOENT, netlink.request(conntrackGet(family, tupleOf(connection)))),
  send: netlink.sendPacket,
});

/**
 * Receives the packets that rules report to the group.
 * @param onTrouble called when none can be received: another program has the group, or the kernel does not support it
 */
export const hearLoggedPackets = (
  netlink: Netlink,
  group: number,
  onPacket: (packet: LoggedPacket) => void,
  onTrouble: (error: NetlinkError) => void,
): void => {
  netlink.subscribe({
    requests: [packetLogRequest(group)],
    type: PACKET_TYPE,
    onMessage(message) {
      onPacket(loggedPacket(message));
    },
    onTrouble,
  });
};
