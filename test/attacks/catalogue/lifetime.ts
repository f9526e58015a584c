import { type Attack, BOTH, BRIDGES, EVERYWHERE, type Form, type Ground, V6 } from '../run/attack.ts';
import type { Machine } from '../stage/cast.ts';
import { datagram } from './forms.ts';
import { toGroup } from './multicast.ts';

/** The API has no such pods any more, but their sandboxes still run (a forced deletion, or a kubelet that is down). */
const GONE: Ground = {
  name: 'gone',
  lay: async (stage) => stage.applied(await stage.cluster.write({ 'pod-caged': undefined, 'pod-closed': undefined })),
  lift: async (stage) => stage.applied(await stage.cluster.restore()),
};

const by = 'a sandbox that lives and whose pod the API does not know is closed both ways';

const gone = (
  name: string,
  what: string,
  form: Form,
  from: Machine,
  to: Machine,
  twin: Partial<Attack['twin']>,
): Attack => ({
  name: `lifetime/${name}`,
  what,
  needs: 'API',
  networks: EVERYWHERE,
  families: BOTH,
  form,
  from,
  to,
  twin,
  kind: 'closed',
  by,
  ground: GONE,
});

/** Attacks by and on pods that the API no longer knows. */
export const LIFETIME: readonly Attack[] = [
  gone(
    'caged-goes-out',
    'a caged pod whose object was deleted sends to outside while it still runs',
    datagram(),
    'caged',
    'outside',
    { from: 'client' },
  ),
  gone('caged-goes-to-neighbour', 'the same to a neighbour', datagram(), 'caged', 'client', { from: 'stranger' }),
  gone('caged-goes-across', 'the same to a pod of another node', datagram(), 'caged', 'client2', { from: 'stranger' }),
  gone(
    'closed-takes',
    'a stranger sends to a pod that took nothing, whose object was deleted',
    datagram(),
    'stranger',
    'closed',
    { to: 'client' },
  ),
  gone('closed-takes-across', 'the same by a pod of another node', datagram(), 'stranger2', 'closed', { to: 'client' }),
  gone(
    'closed-sends',
    'a pod that could send nothing, whose object was deleted, sends to a neighbour',
    datagram(),
    'closed',
    'stranger',
    { from: 'client' },
  ),
  {
    ...gone(
      'closed-takes-by-link-local',
      'a neighbour sends by link-local addresses to a pod that took nothing, whose object was deleted',
      datagram(({ scene }, from, to) => ({ source: scene.linkLocal(from), destination: scene.linkLocal(to) })),
      'stranger',
      'closed',
      { to: 'client' },
    ),
    networks: BRIDGES,
    families: V6,
    needs: 'nothing',
  },
  {
    ...gone(
      'caged-goes-to-group',
      'a caged pod whose object was deleted sends to all nodes of the link',
      toGroup(({ family }) => (family === 'ipv4' ? '224.0.0.1' : 'ff02::1')),
      'caged',
      'client',
      { from: 'stranger' },
    ),
    networks: BRIDGES,
  },
];
