import type { IpFamily } from '../../../src/model/family.ts';
import { ETHER, ethernet } from '../frames/ethernet.ts';
import { ip, PROTOCOL } from '../frames/ip.ts';
import { geneve, gre, udpPacket, vxlan } from '../frames/transport.ts';
import { type Attack, BOTH, EVERYWHERE, type Form, V4 } from '../run/attack.ts';
import type { Lies, Play } from '../run/play.ts';
import type { Machine, Node } from '../stage/cast.ts';
import { TUNNEL } from '../stage/tunnel.ts';
import { datagram } from './forms.ts';

/** What comes out of the tunnel: who is said to send it, and to whom. */
interface Inner {
  readonly as: Machine;
  readonly to: Machine;
  readonly port?: number;
}

const innerPacket = (play: Play, { as, to, port = 53 }: Inner): Buffer =>
  udpPacket(play.ends(as, to), play.ports({ port }), play.data);

const innerFrame = (play: Play, inner: Inner, node: Node): Buffer => {
  const type = play.family === 'ipv4' ? ETHER.ipv4 : ETHER.ipv6;
  return ethernet({ to: TUNNEL.mac[node], from: '02:00:00:00:00:01', type }, innerPacket(play, inner));
};

/** The family that the nodes' tunnel uses. */
const outerFamily = ({ scene }: Play): IpFamily => scene.families[0] ?? 'ipv4';

/** Sends a frame in VXLAN to a node's own port, as a plain datagram that needs no rights. */
const byVxlan =
  (inner: Inner, node: Node = 'node1', lies: (play: Play) => Lies = () => ({})): Form =>
  (play, from) => {
    const family = outerFamily(play);
    const honest = { source: play.scene.ip(from, family), destination: play.scene.ip(node, family) };
    const ends = { ...honest, source: lies(play).source ?? honest.source };
    const ports = { sourcePort: play.freshPort(), port: TUNNEL.port };
    play.packet(from, node, udpPacket(ends, ports, vxlan(TUNNEL.network, innerFrame(play, inner, node))));
  };

/** Sends a datagram to a port of the node at which tunnels of some kind listen, to be received there by a program. */
const toPort = (port: number): Form => datagram(() => ({ port }));

const ENDPOINT = 'pods do not speak to the node’s tunnel endpoints';
const TUNNELLED =
  'no source of this node’s pods comes in by an uplink or tunnel; pods do not speak to tunnel endpoints';

const through = (
  name: string,
  what: string,
  form: Form,
  from: Machine,
  to: Machine,
  rest: Partial<Attack> = {},
): Attack => ({
  name: `tunnels/${name}`,
  what,
  needs: 'nothing',
  networks: EVERYWHERE,
  families: BOTH,
  form,
  from,
  to,
  twin: { form: byVxlan({ as: 'client2', to: 'web' }), from: 'node2', to: 'web' },
  kind: 'closed',
  by: ENDPOINT,
  ...rest,
});

const WIRE: Partial<Attack> = { to: 'node1', sense: 'socket', twin: { form: datagram(() => ({ port: 7001 })) } };

/** Sends an IP protocol that nodes take out of tunnels, to be received by a program of the node. */
const toProtocol =
  (protocol: number, payload: (play: Play) => Buffer): Form =>
  (play, from, to) =>
    play.packet(from, to, ip({ ...play.ends(from, to), protocol }, payload(play)));

/** Tunnels of the nodes that take what anybody sends. The cluster has flannel's VXLAN; a kernel may lack other devices. */
export const TUNNELS: readonly Attack[] = [
  through(
    'as-far-client',
    'a pod sends to its node’s VXLAN port; inside is a packet of a client of another node',
    byVxlan({ as: 'client2', to: 'web' }),
    'stranger',
    'web',
  ),
  through(
    'as-near-client',
    'inside is a packet of a client of the same node',
    byVxlan({ as: 'client', to: 'web' }),
    'stranger',
    'web',
    { by: TUNNELLED },
  ),
  through(
    'land',
    'inside is a packet of the isolated pod to itself',
    byVxlan({ as: 'closed', to: 'closed' }),
    'stranger',
    'closed',
    { by: TUNNELLED },
  ),
  through(
    'out-of-cage',
    'a caged pod has its node send a packet of a neighbour to outside',
    byVxlan({ as: 'client', to: 'outside' }),
    'caged',
    'outside',
    { by: TUNNELLED },
  ),
  through(
    'out-of-closed',
    'a pod that may send nothing has its node send a packet to another node’s pod',
    byVxlan({ as: 'client', to: 'client2' }),
    'closed',
    'client2',
    { by: TUNNELLED },
  ),
  through(
    'to-other-node',
    'a pod sends to another node’s VXLAN port',
    byVxlan({ as: 'client', to: 'web2' }, 'node2'),
    'stranger',
    'web2',
    {
      twin: { form: byVxlan({ as: 'client', to: 'web2' }, 'node2'), from: 'node1', to: 'web2' },
    },
  ),
  through(
    'near-from-outside',
    'a machine outside sends to the VXLAN port; inside is a packet of a client of that node',
    byVxlan({ as: 'client', to: 'web' }),
    'outside',
    'web',
    { needs: 'nodes’ network', by: TUNNELLED },
  ),
  through(
    'near-as-node',
    'the same in the name of another node',
    byVxlan({ as: 'client', to: 'web' }, 'node1', (play) => ({ source: play.scene.ip('node2', outerFamily(play)) })),
    'outside',
    'web',
    { needs: 'nodes’ network', by: TUNNELLED },
  ),
  through(
    'far-from-outside',
    'a machine in the nodes’ own network sends to the VXLAN port; inside is a packet of a client of another node',
    byVxlan({ as: 'client2', to: 'web' }),
    'outside',
    'web',
    {
      needs: 'nodes’ network',
      by: 'nothing on the node',
      weak: {
        networks: EVERYWHERE,
        why: 'a tunnel that does not authenticate takes what looks like another node’s: the network between nodes has to keep strangers out, or encrypt',
      },
    },
  ),
  through(
    'cage-to-other-node',
    'a caged pod sends to another node’s VXLAN port',
    byVxlan({ as: 'client', to: 'client2', port: 9999 }, 'node2'),
    'caged',
    'client2',
    {
      kind: 'held',
      by: 'its egress allows no datagram to another node',
      twin: { form: byVxlan({ as: 'client', to: 'client2', port: 9999 }, 'node2'), from: 'node1' },
    },
  ),
  through(
    'vxlan-standard-port',
    'a datagram to the port that IANA gave VXLAN',
    toPort(4789),
    'stranger',
    'node1',
    WIRE,
  ),
  through(
    'geneve-port',
    'a datagram to the port of Geneve',
    (play, from, to) => {
      const data = geneve(1, innerFrame(play, { as: 'client2', to: 'web' }, 'node1'));
      play.packet(from, to, udpPacket(play.ends(from, to), play.ports({ port: 6081 }), data));
    },
    'stranger',
    'node1',
    WIRE,
  ),
  through('wireguard-port', 'a datagram to the usual port of WireGuard', toPort(51820), 'stranger', 'node1', WIRE),
  through(
    'ip-in-ip',
    'IP in IP to the node',
    toProtocol(PROTOCOL.ipip, (play) => innerPacket(play, { as: 'client2', to: 'web' })),
    'stranger',
    'node1',
    { ...WIRE, families: V4, needs: 'NET_RAW' },
  ),
  through(
    'ipv6-in-ip',
    'IPv6 in IPv4 to the node',
    (play, from, to) => {
      const inner = udpPacket(
        { source: play.scene.ip('client2', 'ipv6'), destination: play.scene.ip('web', 'ipv6') },
        play.ports({ port: 53 }),
        play.data,
      );
      play.packet(from, to, ip({ ...play.ends(from, to), protocol: PROTOCOL.ipv6 }, inner));
    },
    'stranger',
    'node1',
    { ...WIRE, families: V4, needs: 'NET_RAW' },
  ),
  through(
    'gre',
    'GRE to the node',
    toProtocol(PROTOCOL.gre, (play) =>
      gre(play.family === 'ipv4' ? ETHER.ipv4 : ETHER.ipv6, innerPacket(play, { as: 'client2', to: 'web' })),
    ),
    'stranger',
    'node1',
    { ...WIRE, needs: 'NET_RAW' },
  ),
];
