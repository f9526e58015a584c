import { ethernet, ETHER } from '../frames/ethernet.ts';
import { udpPacket } from '../frames/transport.ts';
import { type Attack, BOTH, BRIDGES, type Form, type Ground } from '../run/attack.ts';
import type { Machine } from '../stage/cast.ts';
import { NOBODY } from '../stage/cast.ts';
import { datagram } from './forms.ts';

const PORT = 'veth0badf00d';
/** The end of a link that a new pod would have. */
const INNER = 'newpod0';

/** A new link is on the node's bridge, and neither the API nor a CNI result shows whose it is. */
const NEW_PORT: Ground = {
  name: 'new port',
  lay: (stage) =>
    stage.change('node1', [
      `link add ${PORT} type veth peer name ${INNER}`,
      `link set ${PORT} master cni0 up`,
      `link set ${INNER} addrgenmode none`,
      `link set ${INNER} up`,
    ]),
  lift: (stage) => stage.change('node1', [`link delete ${PORT}`]),
};

/** Sends a datagram through the new port. */
const byNewPort =
  (as: Machine | 'nobody', fromMac?: 'its own', port = 53): Form =>
  async (play, _from, to) => {
    const source = as === 'nobody' ? NOBODY[play.family] : play.ip(as);
    const mac = as === 'nobody' || fromMac !== undefined ? '02:00:00:00:55:55' : play.scene.mac(as);
    const packet = udpPacket({ source, destination: play.ip(to) }, play.ports({ port }), play.data);
    const type = play.family === 'ipv4' ? ETHER.ipv4 : ETHER.ipv6;
    const { node1 } = play.stage.stations;
    node1.send(ethernet({ to: play.scene.mac(to), from: mac, type }, packet), INNER);
    await node1.settled();
  };

const attack = (name: string, what: string, form: Form, rest: Partial<Attack> = {}): Attack => ({
  name: `new-ports/${name}`,
  what,
  needs: 'NET_RAW',
  networks: BRIDGES,
  families: BOTH,
  form,
  from: 'node1',
  to: 'web',
  twin: { form: datagram(() => ({ port: 53 })), from: 'client' },
  kind: 'closed',
  by: 'bridge table: an address of an isolated pod or of a peer belongs to its port, whatever other ports there are',
  ground: NEW_PORT,
  alone: true,
  ...rest,
});

/** Ports of the bridge without a known pod, as of pods that are starting. */
export const NEW_PORTS: readonly Attack[] = [
  attack('as-client', 'a pod that just starts sends as an allowed client', byNewPort('client', 'its own')),
  attack('as-client-wholly', 'the same with the client’s hardware address', byNewPort('client')),
  attack(
    'as-far-client',
    'a pod that just starts sends as an allowed client of another node',
    byNewPort('client2', 'its own'),
  ),
  attack(
    'as-nobody',
    'a pod that just starts sends as nobody to a pod that takes nothing',
    byNewPort('nobody', 'its own', 9999),
    {
      to: 'closed',
      twin: { form: datagram(), from: 'stranger', to: 'client' },
      kind: 'held',
      by: 'the chains of the isolations',
    },
  ),
];
