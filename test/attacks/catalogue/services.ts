import { TCP_FLAG, tcpPacket } from '../frames/transport.ts';
import { type Attack, BOTH, BRIDGES, EVERYWHERE, type Form, type Ground } from '../run/attack.ts';
import type { LiesOf } from './forms.ts';
import { opening } from './forms.ts';
import { addressOf, type Machine, NODES } from '../stage/cast.ts';
import type { IpFamily } from '../../../src/model/family.ts';

const CLUSTER_IP: Readonly<Record<IpFamily, string>> = { ipv4: '10.96.0.10', ipv6: 'fd00:96::10' };
const RANGES: Readonly<Record<IpFamily, string>> = { ipv4: '10.244.0.0/16', ipv6: 'fd00:10:244::/48' };

/** Ports of the Service and of the nodes, and their backends. */
const ROUTES: readonly (readonly [port: number, machine: Machine, target: number])[] = [
  [30080, 'web', 80],
  [30099, 'web', 9999],
  [30050, 'closed', 9999],
  [30030, 'client', 80],
  [30031, 'client', 9999],
  [30032, 'client2', 9999],
  [30070, 'outside', 7000],
];

const socket = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

const rules = (family: IpFamily): readonly string[] => [
  ...ROUTES.flatMap(([port, machine, target]) =>
    [...NODES.map((node) => addressOf(node, family)), CLUSTER_IP[family]].flatMap((address) =>
      ['tcp', 'udp'].map(
        (protocol) =>
          `-A ATTACKS -d ${address} -p ${protocol} -m ${protocol} --dport ${port} -j DNAT --to-destination ${socket(addressOf(machine, family), target)}`,
      ),
    ),
  ),
];

const hooks = (family: IpFamily, verb: 'A' | 'D'): readonly string[] => [
  `-${verb} PREROUTING -j ATTACKS`,
  `-${verb} OUTPUT -j ATTACKS`,
  `-${verb} POSTROUTING -m conntrack --ctstate DNAT ! -s ${RANGES[family]} -j MASQUERADE`,
  ...(['web', 'client'] as const).map(
    (pod) =>
      `-${verb} POSTROUTING -s ${addressOf(pod, family)} -d ${addressOf(pod, family)} -m conntrack --ctstate DNAT -j MASQUERADE`,
  ),
];

/** Services and node ports as kube-proxy makes them, on both nodes. */
const SERVICES: Ground = {
  name: 'services',
  lay: (stage) =>
    stage.restore((family) => ['*nat', ':ATTACKS - [0:0]', ...rules(family), ...hooks(family, 'A'), 'COMMIT', '']),
  lift: (stage) => stage.restore((family) => ['*nat', '-F ATTACKS', ...hooks(family, 'D'), '-X ATTACKS', 'COMMIT', '']),
};

/** Opens a connection to a port of a Service or of a node. */
const by =
  (where: 'service' | 'node1' | 'node2', port: number, lies: LiesOf = () => ({})): Form =>
  (play, from, to) => {
    const address = where === 'service' ? CLUSTER_IP[play.family] : play.ip(where);
    const said = { ...lies(play, from, to), destination: address, port };
    const segment = tcpPacket(play.ends(from, to, said), { ...play.ports(said), flags: TCP_FLAG.syn }, play.data);
    play.packet(from, where === 'service' ? (from === 'outside' ? 'node1' : viaNode(from)) : where, segment);
  };

/** The node to which a pod sends whatever is not on its link. */
const viaNode = (from: Machine): Machine => (from.endsWith('2') ? 'node2' : 'node1');

const JUDGED = 'rules meet packets between the translations: behind that of the destination, before that of the source';

const via = (
  name: string,
  what: string,
  form: Form,
  from: Machine,
  to: Machine,
  rest: Partial<Attack> = {},
): Attack => ({
  name: `services/${name}`,
  what,
  needs: 'nothing',
  networks: EVERYWHERE,
  families: BOTH,
  form,
  from,
  to,
  twin: { form: by('service', 30080), from: 'client', to: 'web' },
  kind: 'held',
  by: JUDGED,
  ground: SERVICES,
  ...rest,
});

const HAIRPIN = 'a connection that was translated comes back to its source only where it came in there';

/** Attacks through address translation before and after the rules. */
export const SERVICE_ATTACKS: readonly Attack[] = [
  via(
    'cluster-ip',
    'a stranger opens a connection to a Service of a pod that takes clients',
    by('service', 30080),
    'stranger',
    'web',
  ),
  via('cluster-ip-across', 'the same by a pod of another node', by('service', 30080), 'stranger2', 'web'),
  via(
    'cluster-ip-other-port',
    'a client uses a Service whose target port it may not use',
    by('service', 30099),
    'client',
    'web',
  ),
  via(
    'cluster-ip-closed',
    'a client uses a Service of a pod that takes nothing',
    by('service', 30050),
    'client',
    'closed',
  ),
  via('node-port', 'a stranger uses a port of its node', by('node1', 30080), 'stranger', 'web', {
    twin: { from: 'client' },
  }),
  via('node-port-outside', 'a machine outside uses a port of the node', by('node1', 30080), 'outside', 'web', {
    needs: 'nodes’ network',
    twin: { form: by('node1', 30030), to: 'client' },
  }),
  via(
    'node-port-of-other',
    'a machine outside uses a port of another node, which sends on in its own name',
    by('node2', 30080),
    'outside',
    'web',
    {
      needs: 'nodes’ network',
      twin: { form: by('node2', 30030), to: 'client' },
    },
  ),
  via(
    'node-port-of-other-by-pod',
    'a stranger uses a port of another node, which sends it back',
    by('node2', 30080),
    'stranger',
    'web',
    { twin: { from: 'client2', form: by('service', 30080) } },
  ),
  via(
    'cage-by-service',
    'a caged pod uses a Service that leads to a port it may not use',
    by('service', 30031),
    'caged',
    'client',
    { twin: { form: by('service', 30030), from: 'caged', to: 'client' } },
  ),
  via(
    'cage-by-node-port',
    'a caged pod uses a port of its node that leads outside',
    by('node1', 30070),
    'caged',
    'outside',
    { twin: { from: 'stranger' } },
  ),
  via(
    'closed-by-node-port',
    'a pod that may send nothing uses a port of its node that leads to another node',
    by('node1', 30032),
    'closed',
    'client2',
    { twin: { from: 'stranger' } },
  ),
  via('cage-by-other-node', 'a caged pod uses a port of another node', by('node2', 30032), 'caged', 'client2', {
    twin: { form: by('node2', 30032), from: 'stranger' },
  }),
  via(
    'hairpin-as-victim',
    'a stranger uses a Service of an isolated pod in that pod’s own name: translated, it comes back to its source',
    by('service', 30080, ({ ip }, _from, to) => ({ source: ip(to) })),
    'stranger',
    'web',
    {
      needs: 'NET_RAW',
      kind: 'closed',
      by: `${HAIRPIN}; source validation`,
      twin: { form: by('service', 30080), from: 'web', to: 'web' },
    },
  ),
  via(
    'hairpin-as-victim-from-outside',
    'the same by a machine outside, by a port of the node',
    by('node1', 30080, ({ ip }, _from, to) => ({ source: ip(to) })),
    'outside',
    'web',
    {
      needs: 'nodes’ network',
      kind: 'closed',
      by: `${HAIRPIN}; no source of this node’s pods comes in by an uplink`,
      twin: { form: by('service', 30080), from: 'web', to: 'web' },
    },
  ),
  via(
    'hairpin-across',
    'the same by a pod of another node, which translates it and sends on in its own name',
    by('node1', 30080, ({ ip }, _from, to) => ({ source: ip(to) })),
    'stranger2',
    'web',
    {
      needs: 'NET_RAW',
      twin: { form: by('service', 30080), from: 'web', to: 'web' },
    },
  ),
  via(
    'cluster-ip-in-a-neighbours-frame',
    'a stranger uses a Service of an isolated neighbour in a frame to that one, not to the node',
    (play, from, to) => {
      const ends = { source: play.ip(from), destination: CLUSTER_IP[play.family] };
      const segment = tcpPacket(ends, { ...play.ports({ port: 30080 }), flags: TCP_FLAG.syn }, play.data);
      play.packet(from, to, segment, { mac: play.scene.mac(to) });
    },
    'stranger',
    'web',
    { needs: 'NET_RAW', networks: BRIDGES },
  ),
  via(
    'source-port-of-service',
    'a stranger sends from the port of a Service, as if it answered',
    opening(() => ({ sourcePort: 30080, port: 80 })),
    'stranger',
    'web',
    { twin: { form: by('service', 30080), from: 'client' } },
  ),
];
