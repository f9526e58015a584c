import type { Connection } from '../model/connection.ts';
import { openerByPorts } from '../program/client-ports.ts';
import { heldSet, type SetName } from '../program/names.ts';

/** A member of a set of what is held closed. */
export interface HeldMember {
  readonly set: SetName;
  readonly member: string;
  /** Absent: as long as the set holds its members. */
  readonly timeoutSeconds?: number;
}

const TCP = 6;
/** Protocols whose ports ipset knows: TCP, UDP, SCTP and UDP-Lite (ipset(8), hash:ip,port,ip); of others it keeps port 0. */
const WITH_PORTS: readonly number[] = [TCP, 17, 132, 136];

/** Protocols of which no answer makes an entry: ICMP and ICMPv6 know their answers by the type. */
const NEED_NONE: readonly number[] = [1, 58];

/** A server may be silent for long before it sends again what nobody acknowledged, seconds. */
const TCP_SECONDS = 86_400;

/**
 * Whether a segment of the server would pass for one of a client's by its ports: those alone go on without the agent being
 * asked (hooks.ts).
 */
const looksLikeClient = ({ original, reply }: Connection): boolean =>
  openerByPorts({ sourcePort: reply.sourcePort, destinationPort: original.sourcePort }) === 'source';

/**
 * What the next packet of the server would look like once the entry is gone: it would make a new one, the other way round,
 * and then the client's packets would count as answers.
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

/** `ipset restore` text that adds what would open the connections again, or takes it away. */
export const heldLines = (verb: 'add' | 'del', connections: readonly Connection[]): string => {
  const members = connections.map(heldMember).filter((each) => each !== undefined);
  const lines = members.map(({ set, member, timeoutSeconds }) => {
    const timeout = verb === 'add' && timeoutSeconds !== undefined ? ` timeout ${timeoutSeconds}` : '';
    return `${verb} ${set} ${member}${timeout}\n`;
  });
  return [...new Set(lines)].join('');
};
