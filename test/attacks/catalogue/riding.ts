import { BROADCAST_MAC } from '../frames/ethernet.ts';
import { TCP_FLAG, tcpPacket, udpPacket } from '../frames/transport.ts';
import { type Attack, BOTH, BRIDGES, EVERYWHERE, type Form } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import { type Machine, NOBODY } from '../stage/cast.ts';
import { nextToken } from '../station/token.ts';
import { type Flow, openFlow } from './related.ts';

/** Sends packets within tracked connections, posing as one of their ends. */
const ride =
  (client: Machine, server: Machine, port: number | undefined, asServer: boolean): Form =>
  async (play, from, to) => {
    const flow: Flow = { client, server, sourcePort: play.freshPort(), port: port ?? play.freshPort() };
    await openFlow(play, flow);
    if (asServer) play.udp(from, to, { source: play.ip(server), sourcePort: flow.port, port: flow.sourcePort });
    else play.udp(from, to, { source: play.ip(client), sourcePort: flow.sourcePort, port: flow.port });
  };

const OWN_SOURCE =
  'bridge table or source validation: the source of a frame belongs to its port, within connections too';
const UPLINK = 'no source of this node’s pods comes in by an uplink or tunnel, within connections too';

/** Opens a TCP connection from both ends, so that nodes on the path regard it as established. */
const openConnection = async (play: Play, { client, server, sourcePort, port }: Flow): Promise<void> => {
  const synAck = TCP_FLAG.syn | TCP_FLAG.ack;
  const steps = [
    [client, server, { sourcePort, port, flags: TCP_FLAG.syn, sequence: 1 }],
    [server, client, { sourcePort: port, port: sourcePort, flags: synAck, sequence: 1, acknowledges: 2 }],
  ] as const;
  for (const [from, to, segment] of steps) {
    const token = nextToken();
    play.packet(from, to, tcpPacket(play.ends(from, to), segment, Buffer.from(token)));
    await play.arrived(to, token);
  }
};

/** Sends within a connection that the sender may have with `peer`, in a frame to the receiver if that is another machine. */
const astray =
  (peer: Machine, mac?: string): Form =>
  async (play, from, to) => {
    const flow: Flow = { client: from, server: peer, sourcePort: play.freshPort(), port: 80 };
    await openConnection(play, flow);
    const { sourcePort, port } = flow;
    const segment = { sourcePort, port, flags: TCP_FLAG.ack, sequence: 100, acknowledges: 2 };
    const packet = tcpPacket(play.ends(from, peer), segment, play.data);
    play.packet(from, peer, packet, to === peer ? {} : { mac: mac ?? play.scene.mac(to) });
  };

/** The same with a UDP flow, to an address that `peer` has or assigned to itself. */
const astrayFlow =
  (peer: Machine, address: (play: Play) => string = ({ ip }) => ip(peer)): Form =>
  async (play, from, to) => {
    const [near, far] = [play.ip(from), address(play)];
    const [sourcePort, port] = [play.freshPort(), play.freshPort()];
    const there = { source: near, destination: far };
    const steps = [
      [from, peer, there, { sourcePort, port }],
      [peer, from, { source: far, destination: near }, { sourcePort: port, port: sourcePort }],
    ] as const;
    for (const [sender, receiver, ends, ports] of steps) {
      const token = nextToken();
      play.packet(sender, receiver, udpPacket(ends, ports, Buffer.from(token)));
      await play.arrived(receiver, token);
    }
    const packet = udpPacket(there, { sourcePort, port }, play.data);
    play.packet(from, peer, packet, to === peer ? {} : { mac: play.scene.mac(to) });
  };

const ASTRAY_OUT =
  'bridge table: what a caged port sends beyond the link goes to the node, and to a pod what is the pod’s';
const ASTRAY_IN =
  'bridge table: a port that takes nothing from every peer takes its own addresses’ packets alone, within connections too';

/** The frame goes to another machine than its packet, which belongs to a connection that the sender may have. */
const stray = (name: string, what: string, form: Form, to: Machine, peer: Machine, rest: Partial<Attack>): Attack => ({
  name: `riding/${name}`,
  what,
  needs: 'NET_RAW',
  networks: BRIDGES,
  families: BOTH,
  form,
  from: 'stranger',
  to,
  twin: { to: peer, at: peer },
  kind: 'closed',
  by: ASTRAY_IN,
  ...rest,
});

/** Packets that belong to a connection but don't come from its end. */
export const RIDING: readonly Attack[] = [
  {
    name: 'riding/as-client',
    what: 'a stranger sends within a client’s flow: established traffic is not judged again',
    needs: 'NET_RAW',
    networks: EVERYWHERE,
    families: BOTH,
    form: ride('client', 'web', 53, false),
    from: 'stranger',
    to: 'web',
    twin: { from: 'client' },
    kind: 'closed',
    by: OWN_SOURCE,
  },
  {
    name: 'riding/as-client-from-outside',
    what: 'the same from outside',
    needs: 'nodes’ network',
    networks: EVERYWHERE,
    families: BOTH,
    form: ride('client', 'web', 53, false),
    from: 'outside',
    to: 'web',
    twin: { from: 'client' },
    kind: 'closed',
    by: UPLINK,
  },
  {
    name: 'riding/as-node',
    what: 'an isolated pod asked its node; a stranger answers in the node’s name',
    needs: 'NET_RAW',
    networks: EVERYWHERE,
    families: BOTH,
    form: ride('closed', 'node1', undefined, true),
    from: 'stranger',
    to: 'closed',
    twin: { form: ride('client', 'web', 53, true), from: 'web', to: 'client' },
    refused: { networks: ['routed'], families: ['ipv4'] },
    kind: 'closed',
    by: OWN_SOURCE,
  },
  {
    name: 'riding/as-server-out',
    what: 'a pod that may send nothing answers in the name of a neighbour whom a machine outside asked',
    needs: 'NET_RAW',
    networks: EVERYWHERE,
    families: BOTH,
    form: ride('outside', 'client', undefined, true),
    from: 'closed',
    to: 'outside',
    twin: { from: 'client' },
    kind: 'closed',
    by: OWN_SOURCE,
  },
  stray(
    'far-peer-to-neighbour',
    'a caged pod has a connection to an allowed client of another node; a frame of it goes to a neighbour instead',
    astray('client2'),
    'stranger',
    'client2',
    { from: 'caged', by: ASTRAY_OUT },
  ),
  stray(
    'near-peer-to-neighbour',
    'the same with a connection to a client of the same node',
    astray('client'),
    'stranger',
    'client',
    { from: 'caged', by: ASTRAY_OUT },
  ),
  stray(
    'far-peer-to-all',
    'the same with a client of another node, in a frame to all neighbours',
    astray('client2', BROADCAST_MAC),
    'closed',
    'client2',
    { from: 'caged', at: ['closed', 'stranger'], by: ASTRAY_OUT },
  ),
  stray(
    'far-flow-to-closed',
    'a stranger has a flow with a machine outside; a datagram of it goes to a pod that takes nothing instead',
    astrayFlow('outside'),
    'closed',
    'outside',
    {},
  ),
  stray(
    'far-connection-to-web',
    'the same with a connection to another node, into a pod that takes clients alone',
    astray('client2'),
    'web',
    'client2',
    {},
  ),
  stray(
    'near-flow-to-closed',
    'the same with a flow to a neighbour, into a pod that takes nothing',
    astrayFlow('client'),
    'closed',
    'client',
    {},
  ),
  stray(
    'nobodys-flow-to-closed',
    'the same with a flow to a free address that a neighbour gave itself',
    astrayFlow('client', ({ family }) => NOBODY[family]),
    'closed',
    'client',
    {},
  ),
];
