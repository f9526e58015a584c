import type { IpFamily } from '../../../src/model/family.ts';
import { ETHER, ethernet } from '../frames/ethernet.ts';
import { ipv4Fragments, ipv6Fragments, PROTOCOL } from '../frames/ip.ts';
import { udp, udpPacket, vxlan } from '../frames/transport.ts';
import { type Attack, BOTH, EVERYWHERE, type Form } from '../run/attack.ts';
import type { Play } from '../run/play.ts';
import { gatewayAddress, type Machine, type Node, nodeOf } from '../stage/cast.ts';
import { type Tunnel, TUNNELS_OF_NODES } from '../stage/tunnel.ts';
import { datagram } from './forms.ts';

/** The inner packet: its source and destination. */
interface Inner {
  readonly as: Machine;
  readonly to: Machine;
  readonly port?: number;
}

const innerPacket = (play: Play, { as, to, port = 53 }: Inner): Buffer =>
  udpPacket(play.ends(as, to), play.ports({ port }), play.data);

const innerFrame = (play: Play, inner: Inner, mac: string): Buffer => {
  const type = play.family === 'ipv4' ? ETHER.ipv4 : ETHER.ipv6;
  return ethernet({ to: mac, from: '02:00:00:00:00:01', type }, innerPacket(play, inner));
};

/** The outer packet: its source if not the true sender, and its tunnel. */
interface Outer {
  readonly as?: Machine;
  readonly to?: (play: Play) => string;
  readonly tunnel?: Tunnel;
}

/** The family that the nodes' tunnel uses. */
const outerFamily = ({ scene }: Play): IpFamily => scene.families[0] ?? 'ipv4';

/** Sends a frame in VXLAN to a port of a node, as a plain datagram, for which no capability is needed. */
const byVxlan =
  (inner: Inner, node: Node = 'node1', { as, to, tunnel = TUNNELS_OF_NODES.flannel }: Outer = {}): Form =>
  (play, from) => {
    const family = outerFamily(play);
    const ends = { source: play.scene.ip(as ?? from, family), destination: to?.(play) ?? play.scene.ip(node, family) };
    const ports = { sourcePort: play.freshPort(), port: tunnel.port };
    play.packet(from, node, udpPacket(ends, ports, vxlan(tunnel.network, innerFrame(play, inner, tunnel.mac[node]))));
  };

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

/** Tunnels of the nodes that accept packets of any sender. The cluster uses VXLAN; a kernel may lack other kinds. */
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
    byVxlan({ as: 'client', to: 'web' }, 'node1', { as: 'node2' }),
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
      by: 'nobody but a known node speaks to the ports of tunnels that do not authenticate',
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
    'standard-port',
    'a pod sends to the port that IANA gave VXLAN, where Calico’s device listens',
    byVxlan({ as: 'client2', to: 'web' }, 'node1', { tunnel: TUNNELS_OF_NODES.calico }),
    'stranger',
    'web',
    {
      twin: {
        form: byVxlan({ as: 'client2', to: 'web' }, 'node1', { tunnel: TUNNELS_OF_NODES.calico }),
        from: 'node2',
      },
    },
  ),
  through(
    'by-gateway-address',
    'a pod sends to the VXLAN port at the node’s address on the pods’ side',
    byVxlan({ as: 'client2', to: 'web' }, 'node1', { to: (play) => gatewayAddress(1, outerFamily(play)) }),
    'stranger',
    'web',
  ),
  through(
    'as-node-by-pod',
    'a pod sends to its node’s VXLAN port in the name of another node',
    byVxlan({ as: 'client2', to: 'web' }, 'node1', { as: 'node2' }),
    'stranger',
    'web',
    { needs: 'NET_RAW' },
  ),
  through(
    'in-fragments',
    'a pod sends to the VXLAN port in pieces',
    (play, from, to) => {
      const family = outerFamily(play);
      const node = nodeOf(to) ?? 'node1';
      const ends = { source: play.scene.ip(from, family), destination: play.scene.ip(node, family) };
      const { network, port, mac } = TUNNELS_OF_NODES.flannel;
      const frame = innerFrame(play, { as: 'client2', to }, mac[node]);
      const whole = udp(ends, { sourcePort: play.freshPort(), port }, vxlan(network, frame));
      const parts = { ...ends, protocol: PROTOCOL.udp };
      const id = play.freshPort();
      const pieces =
        family === 'ipv4' ? ipv4Fragments({ ...parts, id }, whole, 40) : ipv6Fragments(parts, id, whole, 40);
      for (const piece of pieces) play.packet(from, node, piece);
    },
    'stranger',
    'web',
  ),
  through(
    'other-port',
    'a pod sends to a port of its node where no tunnel is',
    datagram(() => ({ port: 7001 })),
    'caged',
    'node1',
    {
      sense: 'socket',
      kind: 'held',
      by: 'nothing: a pod and its node always talk',
      weak: {
        networks: EVERYWHERE,
        why: 'NetworkPolicy always allows traffic between a pod and its node; the node’s programs have to look after themselves',
      },
      twin: { form: datagram(() => ({ port: 7001 })), from: 'stranger', to: 'node1' },
    },
  ),
];
