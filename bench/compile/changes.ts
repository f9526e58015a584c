import type { ClusterChange } from '../../src/model/cluster-change.ts';
import type { Labels } from '../../src/model/labels.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import { policyKey } from '../../src/model/policy-object.ts';
import { localAddress } from '../state/addresses.ts';
import { OWN_NODE } from '../state/cluster.ts';
import type { World } from './world.ts';

/** A change: applies it to the world, and returns the changed object. */
export type Change = (world: World) => ClusterChange;

const labels = (given: Readonly<Record<string, string>>): Labels => new Map(Object.entries(given));

const putPolicy =
  (namespace: string, name: string, spec: unknown): Change =>
  ({ policies }) => {
    const key = policyKey(namespace, name);
    if (spec === undefined) policies.delete(key);
    else policies.set(key, { key, namespace, name, spec });
    return { kind: 'networkpolicies', key };
  };

const putPod =
  (uid: string, pod: PodEndpoint | undefined): Change =>
  ({ pods }) => {
    if (pod === undefined) pods.delete(uid);
    else pods.set(uid, pod);
    return { kind: 'pods', key: uid };
  };

const ALLOWED = { from: [{ podSelector: { matchLabels: { role: 'allowed' } } }], ports: [{ port: 8080 }] };
const EVERYWHERE = {
  from: [{ namespaceSelector: {}, podSelector: { matchLabels: { role: 'monitor' } } }],
  ports: [{ port: 9100 }],
};

const newPod = (index: number, more: Partial<PodEndpoint>): PodEndpoint => ({
  uid: `new-${index}`,
  namespace: 'ns-0',
  name: `new-${index}`,
  node: 'node-7',
  labels: labels({ role: 'allowed', app: 'app-3', tier: 'front' }),
  ips: [`10.250.${(index >> 8) & 255}.${index & 255}`],
  hostIPs: ['172.19.0.9'],
  hostNetwork: false,
  ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
  createdAt: Date.UTC(2026, 0, 1),
  ...more,
});

/**
 * Returns a round of changes that are each measured; at its end the world is as before. `ns-0` has pods of the node; in M and
 * larger states the last namespace has none.
 */
export const changesOf = (
  index: number,
  { pods, namespaces }: World,
): readonly (readonly [kind: string, change: Change])[] => {
  const policy = (ingress: readonly unknown[] | undefined): Change =>
    putPolicy('ns-0', 'probe', ingress && { podSelector: {}, policyTypes: ['Ingress'], ingress });
  const last = [...namespaces.keys()].at(-1) ?? '';
  const remote = newPod(index, {});
  const sibling = pods.values().find(({ node, namespace }) => node === OWN_NODE && namespace === 'ns-0');
  if (sibling === undefined) throw new Error('no pod of ns-0 is on the node');
  const local = { ...sibling, uid: `local-${index}`, name: `local-${index}`, ips: [localAddress(240)] };
  const other = { ...local, labels: labels({ app: 'app-3', tier: 'front' }) };
  const known = [...pods.values()].at(-1 - (index % 100));
  if (known === undefined) throw new Error('the world has no pods');
  const elsewhere = namespaces.get(last);
  const relabelled =
    (team: string): Change =>
    (world) => {
      if (elsewhere !== undefined) {
        world.namespaces.set(last, { ...elsewhere, labels: new Map([...elsewhere.labels, ['team', team]]) });
      }
      return { kind: 'namespaces', key: last };
    };
  return [
    ['policy created', policy([ALLOWED])],
    ['remote pod created', putPod(remote.uid, remote)],
    ['remote pod relabelled', putPod(remote.uid, { ...remote, labels: labels({ role: 'other', app: 'app-4' }) })],
    ['remote pod relabelled', putPod(remote.uid, remote)],
    ['remote pod changed', putPod(known.uid, { ...known, labels: labels({ app: 'app-5', tier: 'back' }) })],
    ['remote pod changed', putPod(known.uid, known)],
    ['policy widened', policy([ALLOWED, EVERYWHERE])],
    ['policy narrowed', policy([EVERYWHERE])],
    ['local pod created', putPod(local.uid, local)],
    ['local pod deleted', putPod(local.uid, undefined)],
    ['first local pod of a kind created', putPod(other.uid, other)],
    ['last local pod of a kind deleted', putPod(other.uid, undefined)],
    ['remote pod deleted', putPod(remote.uid, undefined)],
    ['policy deleted', policy(undefined)],
    ['policy elsewhere', putPolicy(last, 'probe', { podSelector: {}, ingress: [ALLOWED] })],
    ['policy elsewhere', putPolicy(last, 'probe', undefined)],
    ['namespace relabelled', relabelled('team-x')],
    ['namespace relabelled', relabelled(elsewhere?.labels.get('team') ?? '')],
  ];
};
