import { addressBytes } from '../frames/bytes.ts';
import { groupMac } from '../frames/ethernet.ts';
import { type Attack, BOTH, BRIDGES, EVERYWHERE, type Form, type Ground, V6 } from '../run/attack.ts';
import { datagram } from './forms.ts';

/** The nodes themselves have addresses and a route in the family that the cluster doesn't use. */
const NODES_HAVE_IT: Ground = {
  name: 'nodes with the other family',
  lay: (stage) => stage.addForeign(),
  lift: (stage) => stage.removeForeign(),
};

const group: Form = (play, from, to) => {
  const destination = play.family === 'ipv4' ? '224.0.0.1' : 'ff02::1';
  play.udp(from, to, { destination, mac: groupMac([...addressBytes(destination)]) });
};

/** A datagram of the family that the cluster uses: with source validation, no pod may use addresses of the other family. */
const honest: Form = (play, from, to) => {
  const [family = play.family] = play.scene.families;
  play.udp(from, to, { source: play.scene.ip(from, family), destination: play.scene.ip(to, family) });
};

const by = 'isolated pods take and send nothing of a family that they have no addresses of';

const base = {
  needs: 'nothing',
  kind: 'closed',
  by,
  foreign: true,
} as const satisfies Partial<Attack>;

/** Attacks in the family in which the cluster has no addresses: interfaces carry it all the same. */
export const FOREIGN: readonly Attack[] = [
  {
    ...base,
    name: 'foreign/link-local',
    what: 'in a cluster of IPv4, neighbours talk by the link-local addresses that interfaces have anyway',
    networks: BRIDGES,
    families: V6,
    form: datagram(({ scene }, from, to) => ({ source: scene.linkLocal(from), destination: scene.linkLocal(to) })),
    from: 'stranger',
    to: 'closed',
    twin: { to: 'client' },
  },
  {
    ...base,
    name: 'foreign/link-local-out',
    what: 'the same out of a cage',
    networks: BRIDGES,
    families: V6,
    form: datagram(({ scene }, from, to) => ({ source: scene.linkLocal(from), destination: scene.linkLocal(to) })),
    from: 'caged',
    to: 'client',
    twin: { from: 'stranger' },
  },
  {
    ...base,
    name: 'foreign/made-up',
    what: 'neighbours give themselves addresses of the other family',
    networks: BRIDGES,
    families: BOTH,
    needs: 'NET_ADMIN',
    form: datagram(),
    from: 'stranger',
    to: 'closed',
    twin: { to: 'client' },
  },
  {
    ...base,
    name: 'foreign/group',
    what: 'a datagram to all nodes of the link in the other family',
    networks: BRIDGES,
    families: BOTH,
    form: group,
    from: 'stranger',
    to: 'closed',
    twin: { at: 'client' },
  },
  {
    ...base,
    name: 'foreign/by-the-node',
    what: 'a pod that may send nothing gives itself an address of the other family, which its node routes',
    networks: EVERYWHERE,
    families: BOTH,
    needs: 'NET_ADMIN',
    form: datagram(),
    from: 'closed',
    to: 'outside',
    twin: { form: honest, from: 'stranger' },
    ground: NODES_HAVE_IT,
  },
];
