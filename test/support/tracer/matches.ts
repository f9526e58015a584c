import { holds } from '../fake-kernel/addresses.ts';
import type { FakeSet } from '../fake-kernel/host.ts';
import type { FakeMatch } from '../fake-kernel/rule.ts';
import type { PacketState, WalkedPacket } from './packet.ts';

const CT_STATE: Readonly<Record<PacketState, string>> = {
  new: 'NEW',
  stray: 'NEW',
  established: 'ESTABLISHED',
  related: 'RELATED',
};
const TCP_FLAGS: Readonly<Record<PacketState, readonly string[]>> = {
  new: ['SYN'],
  stray: ['ACK'],
  established: ['ACK'],
  related: ['ACK'],
};

/** What a client has that did not choose its port. */
const CLIENT_PORT = 50_000;

/** Where the first packet of a pod to itself went: no other kind of such packets crosses a hook. */
const SERVICE = 'a ClusterIP';

const CONNECTION_FIELD = { origsrc: 'client', origdst: 'asked', replsrc: 'server' } as const;

const inSet = (set: FakeSet | undefined, fields: readonly string[], packet: WalkedPacket): boolean => {
  if (set === undefined) throw new Error('a rule matches against a set that is gone');
  const [side] = fields;
  const address = side === 'src' ? packet.source : packet.destination;
  if (set.type === 'hash:ip,port') {
    return packet.port !== undefined && set.members.has(`${address},${packet.protocol}:${packet.port}`);
  }
  if (set.type === 'hash:ip,port,ip') {
    const { source, protocol, sourcePort, destination } = packet;
    return sourcePort !== undefined && set.members.has(`${source},${protocol}:${sourcePort},${destination}`);
  }
  return set.type === 'hash:net' ? [...set.members].some((block) => holds(block, address)) : set.members.has(address);
};

/** Whether the packet meets the condition. */
export const meetsMatch = (match: FakeMatch, packet: WalkedPacket, sets: ReadonlyMap<string, FakeSet>): boolean => {
  const state = packet.state ?? 'new';
  switch (match.kind) {
    case 'source':
      return holds(match.block, packet.source) !== match.negated;
    case 'destination':
      return holds(match.block, packet.destination) !== match.negated;
    case 'protocol':
      return (match.protocol === packet.protocol) !== match.negated;
    case 'dports': {
      const { port } = packet;
      return port !== undefined && match.ranges.some(([from, to]) => from <= port && port <= to);
    }
    case 'sports': {
      const { sourcePort = CLIENT_PORT } = packet;
      return match.ranges.some(([from, to]) => from <= sourcePort && sourcePort <= to);
    }
    case 'tcp flags': {
      const set = TCP_FLAGS[state].filter((flag) => match.mask.includes(flag));
      const same = set.length === match.set.length && set.every((flag) => match.set.includes(flag));
      return same !== match.negated;
    }
    case 'icmp type':
      return match.type === packet.type;
    case 'hop limit':
      return match.equals === (packet.hopLimit ?? 64);
    case 'connection address': {
      const { source: client, destination: server } = packet;
      const asked = client === server ? SERVICE : server;
      const connection = packet.connection ?? { client, asked, server };
      return (connection[CONNECTION_FIELD[match.field]] === match.address) !== match.negated;
    }
    case 'set':
      return inSet(sets.get(match.set), match.fields, packet) !== match.negated;
    case 'ctstate':
      return match.states.includes(CT_STATE[state]);
    case 'local source':
      return packet.localSource === true;
    case 'in interface':
      return (packet.inInterface === match.name) !== match.negated;
    case 'out interface':
      return (packet.outInterface === match.name) !== match.negated;
    case 'local destination':
    case 'unrouted source':
      throw new Error('these are in the raw table, which no packet is walked through');
  }
};
