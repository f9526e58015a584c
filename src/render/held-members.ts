import type { Connection } from '../model/connection.ts';
import { openerByPorts } from '../program/client-ports.ts';
import { heldSet, type SetName } from '../program/names.ts';

/** A member of the reopen guard. */
export interface HeldMember {
  readonly set: SetName;
  readonly member: string;
  /** Absent for the set's default timeout. */
  readonly timeoutSeconds?: number;
}

const TCP = 6;
/** Protocols whose ports ipset knows: TCP, UDP, SCTP and UDP-Lite (ipset(8), hash:ip,port,ip); of others it keeps port 0. */
const WITH_PORTS: readonly number[] = [TCP, 17, 132, 136];

/**
 * Protocols whose replies never create a conntrack entry: the types of ICMP and ICMPv6 messages show that they are
 * replies.
 */
const NEED_NONE: readonly number[] = [1, 58];

/** In seconds: a server may be silent for a long time before it repeats unacknowledged data. */
const TCP_SECONDS = 86_400;

/**
 * Reports whether the ports of the server's segment look like a client's: only such segments pass without asking the agent
 * (hooks.ts).
 */
const looksLikeClient = ({ original, reply }: Connection): boolean =>
  openerByPorts({ sourcePort: reply.sourcePort, destinationPort: original.sourcePort }) === 'source';

/**
 * Returns what the server's next packet looks like after the entry is deleted. That packet would create a reverse entry, in
 * which the client's packets count as replies.
 */
export const heldMember = (connection: Connection): HeldMember | undefined => {
  const { family, protocol, reply } = connection;
  if (NEED_NONE.includes(protocol) || (protocol === TCP && !looksLikeClient(connection))) return undefined;
  const port = WITH_PORTS.includes(protocol) ? reply.sourcePort : 0;
  return {
    set: heldSet(family),
    member: `${reply.source},${protocol}:${port},${reply.destination}`,
    ...(protocol === TCP && { timeoutSeconds: TCP_SECONDS }),
  };
};

/** Returns `ipset restore` text that adds the members of these connections to the reopen guard, or removes them. */
export const heldLines = (verb: 'add' | 'del', connections: readonly Connection[]): string => {
  const members = connections.map(heldMember).filter((each) => each !== undefined);
  const lines = members.map(({ set, member, timeoutSeconds }) => {
    const timeout = verb === 'add' && timeoutSeconds !== undefined ? ` timeout ${timeoutSeconds}` : '';
    return `${verb} ${set} ${member}${timeout}\n`;
  });
  return [...new Set(lines)].join('');
};
