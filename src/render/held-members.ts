import type { Connection } from '../model/connection.ts';
import { heldSet, type SetName } from '../program/names.ts';

/** A member of a set of what is held closed. */
export interface HeldMember {
  readonly set: SetName;
  readonly member: string;
}

/** Protocols whose ports ipset knows: UDP, SCTP and UDP-Lite (ipset(8), hash:ip,port,ip); of others it keeps port 0. */
const WITH_PORTS: readonly number[] = [17, 132, 136];

/**
 * Protocols of which no answer makes an entry. A segment of TCP that opens nothing is stray; ICMP and ICMPv6 know their
 * answers by the type.
 */
const NEED_NONE: readonly number[] = [1, 6, 58];

/**
 * What the next packet of the server would look like once the entry is gone: it would make a new one, the other way round,
 * and then the client's packets would count as answers.
 */
export const heldMember = ({ family, protocol, reply }: Connection): HeldMember | undefined => {
  if (NEED_NONE.includes(protocol)) return undefined;
  const port = WITH_PORTS.includes(protocol) ? reply.sourcePort : 0;
  return { set: heldSet(family), member: `${reply.source},${protocol}:${port},${reply.destination}` };
};

/** `ipset restore` text that adds what would open the connections again, or takes it away. */
export const heldLines = (verb: 'add' | 'del', connections: readonly Connection[]): string => {
  const members = connections.map(heldMember).filter((each) => each !== undefined);
  return [...new Set(members.map(({ set, member }) => `${verb} ${set} ${member}\n`))].join('');
};
