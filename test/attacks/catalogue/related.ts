import { u16, u32 } from '../frames/bytes.ts';
import { ICMP, icmp, ICMPV6, icmpv6 } from '../frames/icmp.ts';
import { ip, PROTOCOL } from '../frames/ip.ts';
import { udpPacket } from '../frames/transport.ts';
import { type Attack, BOTH, EVERYWHERE, type Form } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import type { Machine } from '../stage/cast.ts';
import { nextToken } from '../station/token.ts';

/** An ICMP error: its type and code, and the four bytes after the checksum. */
interface ErrorKind {
  readonly ipv4: readonly [type: number, code: number];
  readonly ipv6: readonly [type: number, code: number];
  readonly own: Buffer;
}

const UNREACHABLE: ErrorKind = { ipv4: [ICMP.unreachable, 3], ipv6: [ICMPV6.unreachable, 4], own: u32(0) };
const EXPIRED: ErrorKind = { ipv4: [ICMP.timeExceeded, 0], ipv6: [ICMPV6.timeExceeded, 0], own: u32(0) };
const PROBLEM: ErrorKind = { ipv4: [ICMP.parameterProblem, 0], ipv6: [ICMPV6.parameterProblem, 0], own: u32(0) };
const TOO_BIG: ErrorKind = { ipv4: [ICMP.unreachable, 4], ipv6: [ICMPV6.tooBig, 0], own: u16(0, 1280) };
const REDIRECT: ErrorKind = { ipv4: [ICMP.redirect, 1], ipv6: [ICMPV6.redirect, 0], own: u32(0x0af4_0110) };
const QUENCH: ErrorKind = { ipv4: [ICMP.sourceQuench, 0], ipv6: [ICMPV6.unreachable, 0], own: u32(0) };

/** A connection that is or could be tracked. */
export interface Flow {
  readonly client: Machine;
  readonly server: Machine;
  readonly sourcePort: number;
  readonly port: number;
}

/** Sends the first datagram of a flow and waits for its arrival at the server, so that nodes on the path track the flow. */
export const openFlow = async (play: Play, { client, server, sourcePort, port }: Flow): Promise<void> => {
  const token = nextToken();
  play.packet(client, server, udpPacket(play.ends(client, server), { sourcePort, port }, Buffer.from(token)));
  await play.arrived(server, token);
};

/** Sends an error about a flow, with the token behind the header that it quotes. */
const sendError = (
  play: Play,
  from: Machine,
  to: Machine,
  { client, server, ...ports }: Flow,
  kind: ErrorKind,
): void => {
  const ends = play.ends(from, to);
  const quoted = udpPacket(play.ends(client, server), ports, Buffer.concat([play.data, Buffer.alloc(26)]));
  const [type, code] = kind[play.family];
  const message =
    play.family === 'ipv4' ? icmp(type, code, kind.own, quoted) : icmpv6(ends, type, code, kind.own, quoted);
  const protocol = play.family === 'ipv4' ? PROTOCOL.icmp : PROTOCOL.icmpv6;
  play.packet(from, to, ip({ ...ends, protocol }, message));
};

/** Opens a flow between two machines, then sends an error about it from a third machine to one of them. */
const lieAbout =
  (client: Machine, server: Machine, kind: ErrorKind, port?: number): Form =>
  async (play, from, to) => {
    const flow: Flow = { client, server, sourcePort: play.freshPort(), port: port ?? play.freshPort() };
    await openFlow(play, flow);
    sendError(play, from, to, flow, kind);
  };

/** Sends an error about a flow that nothing tracks. */
const aboutNothing =
  (client: Machine, server: Machine): Form =>
  (play, from, to) =>
    sendError(play, from, to, { client, server, sourcePort: play.freshPort(), port: play.freshPort() }, UNREACHABLE);

const BY = 'RELATED passes only where the isolated pod is an end of that connection and the type is an error’s';

/** A legitimate error: the server sends it about a flow that the client opened and may use. */
const TRUE_ERROR = { form: lieAbout('client', 'web', UNREACHABLE, 53), from: 'web', to: 'client' } as const;

const lie = (
  name: string,
  what: string,
  form: Form,
  from: Machine,
  to: Machine,
  rest: Partial<Attack> = {},
): Attack => ({
  name: `related/${name}`,
  what,
  needs: 'NET_RAW',
  networks: EVERYWHERE,
  families: BOTH,
  form,
  from,
  to,
  twin: TRUE_ERROR,
  kind: 'closed',
  by: BY,
  ...rest,
});

/** ICMP errors with forged contents: connection tracking calls them RELATED, whoever sends them. */
export const RELATED: readonly Attack[] = [
  lie(
    'in-about-own-node',
    'an isolated pod has a flow to its node; a machine outside sends it an error about that',
    lieAbout('closed', 'node1', UNREACHABLE),
    'outside',
    'closed',
    { needs: 'nodes’ network' },
  ),
  lie(
    'in-from-neighbour',
    'the same by a pod of the same node',
    lieAbout('closed', 'node1', UNREACHABLE),
    'stranger',
    'closed',
  ),
  lie(
    'in-from-other-node',
    'the same by a pod of another node',
    lieAbout('closed', 'node1', UNREACHABLE),
    'stranger2',
    'closed',
  ),
  lie(
    'out-to-outside',
    'a pod that may send nothing sends an error about a flow of a machine outside to the node',
    lieAbout('outside', 'node1', UNREACHABLE),
    'closed',
    'outside',
  ),
  lie(
    'out-to-neighbour',
    'the same to a neighbour that has a flow to the node',
    lieAbout('stranger', 'node1', UNREACHABLE),
    'closed',
    'stranger',
  ),
  lie(
    'out-to-isolated',
    'the same to an isolated pod of another node',
    lieAbout('web2', 'node1', UNREACHABLE),
    'closed',
    'web2',
  ),
  lie(
    'about-its-own-flow',
    'a stranger sends an error about a client’s flow to the pod that takes clients',
    lieAbout('client', 'web', UNREACHABLE, 53),
    'stranger',
    'web',
    {
      kind: 'held',
      by: 'the kernel calls an error related only where it goes to the sender of the packet that it quotes: so it is judged',
    },
  ),
  lie(
    'expired',
    'a time exceeded, which any router may send',
    lieAbout('closed', 'node1', EXPIRED),
    'stranger',
    'closed',
  ),
  lie('problem', 'a parameter problem', lieAbout('closed', 'node1', PROBLEM), 'stranger', 'closed'),
  lie('too-big', 'a packet too big, which nobody may lose', lieAbout('closed', 'node1', TOO_BIG), 'stranger', 'closed'),
  lie('redirect', 'a redirect about a flow', lieAbout('closed', 'node1', REDIRECT), 'stranger', 'closed'),
  lie(
    'source-quench',
    'a source quench (RFC 6633), or no route for IPv6',
    lieAbout('closed', 'node1', QUENCH),
    'stranger',
    'closed',
  ),
  lie(
    'about-nothing',
    'an error about a connection that is not tracked',
    aboutNothing('closed', 'node1'),
    'stranger',
    'closed',
    { kind: 'held', by: 'it is not RELATED, so it is judged' },
  ),
  lie(
    'about-nothing-out',
    'the same out of a pod that may send nothing',
    aboutNothing('outside', 'node1'),
    'closed',
    'outside',
    { kind: 'held', by: 'it is not RELATED, so it is judged' },
  ),
];
