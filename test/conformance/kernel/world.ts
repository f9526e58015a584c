import { isDeepStrictEqual } from 'node:util';
import type { AdminClient, StoredObject } from '../../../src/lab/apiserver/client.ts';
import type { CaseState } from '../../support/corpus.ts';
import type { AgentKind } from '../../support/lab/agent.ts';
import { difference, type NamespaceObject, objectsOf, type PodObject, type WorldObjects } from './objects.ts';

/** For each kind that was ever written: an agent with this resourceVersion, or a later one, has everything of it. */
export type Written = ReadonlyMap<AgentKind, bigint>;

/** The objects in the API server. */
export interface World {
  /** Writes exactly the changes from the current state to `state`. */
  moveTo(state: CaseState): Promise<Written>;
}

const NOTHING: WorldObjects = { namespaces: new Map(), pods: new Map(), networkpolicies: new Map() };

/** The namespace of the objects whose change marks the end of a kind's writes. */
const MARKER_NAMESPACE = 'markers';

const versionOf = ({ metadata }: StoredObject): bigint => BigInt(metadata.resourceVersion);

/** Returns a merge patch that makes the labels exactly `after`. */
const labelChange = (before: NamespaceObject | PodObject, after: NamespaceObject | PodObject): object => {
  const removed = Object.keys(before.metadata.labels ?? {}).map((key) => [key, null] as const);
  return { metadata: { labels: { ...Object.fromEntries(removed), ...after.metadata.labels } } };
};

const createPod = async (admin: AdminClient, pod: PodObject): Promise<void> => {
  await admin.create(pod);
  await admin.patchStatus(pod, pod.status);
};

const writeNamespaces = async (admin: AdminClient, from: WorldObjects, to: WorldObjects): Promise<boolean> => {
  const { added, changed } = difference(from.namespaces, to.namespaces);
  await Promise.all([
    ...added.map((namespace) => admin.create(namespace)),
    ...changed.map(({ before, after }) => admin.patch(after, labelChange(before, after))),
  ]);
  return added.length + changed.length > 0;
};

const removeNamespaces = async (admin: AdminClient, from: WorldObjects, to: WorldObjects): Promise<boolean> => {
  const { gone } = difference(from.namespaces, to.namespaces);
  await Promise.all(gone.map((namespace) => admin.delete(namespace)));
  return gone.length > 0;
};

const writePods = async (admin: AdminClient, from: WorldObjects, to: WorldObjects): Promise<boolean> => {
  const { gone, added, changed } = difference(from.pods, to.pods);
  const sameButLabels = changed.filter(
    ({ before, after }) => isDeepStrictEqual(before.spec, after.spec) && isDeepStrictEqual(before.status, after.status),
  );
  // Everything else about a pod is immutable: the new one is another pod of the same name.
  const replaced = changed.filter((change) => !sameButLabels.includes(change));
  await Promise.all([...gone, ...replaced.map(({ before }) => before)].map((pod) => admin.delete(pod)));
  await Promise.all([
    ...[...added, ...replaced.map(({ after }) => after)].map((pod) => createPod(admin, pod)),
    ...sameButLabels.map(({ before, after }) => admin.patch(after, labelChange(before, after))),
  ]);
  return gone.length + added.length + changed.length > 0;
};

const writePolicies = async (admin: AdminClient, from: WorldObjects, to: WorldObjects): Promise<boolean> => {
  const { gone, added, changed } = difference(from.networkpolicies, to.networkpolicies);
  await Promise.all([
    ...gone.map((policy) => admin.delete(policy)),
    ...[...added, ...changed.map(({ after }) => after)].map((policy) => admin.apply(policy)),
  ]);
  return gone.length + added.length + changed.length > 0;
};

/** Changes one object of the kind in a way that policy could depend on, so that no reader ignores it. */
const mark = (admin: AdminClient, kind: AgentKind, turn: string): Promise<StoredObject> => {
  const metadata = { name: MARKER_NAMESPACE, labels: { turn } };
  const inside = { ...metadata, namespace: MARKER_NAMESPACE };
  switch (kind) {
    case 'namespaces':
      return admin.apply({ apiVersion: 'v1', kind: 'Namespace', metadata });
    case 'pods':
      return admin.apply({
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: inside },
        ...{ spec: { containers: [{ name: 'none', image: 'example.org/none:1' }] } },
      });
    case 'networkpolicies':
      return admin.apply({
        ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: inside },
        ...{ spec: { podSelector: { matchLabels: { turn } }, policyTypes: ['Ingress'] } },
      });
  }
};

/** Returns an empty world: only the markers. */
export const createWorld = async (admin: AdminClient): Promise<World> => {
  let present = NOTHING;
  let turn = 0;
  const latest = new Map<AgentKind, bigint>();
  await mark(admin, 'namespaces', 'first');
  return {
    async moveTo(state) {
      const from = present;
      const to = objectsOf(state);
      present = to;
      turn += 1;
      const namespacesWritten = await writeNamespaces(admin, from, to);
      const [podsWritten, policiesWritten] = await Promise.all([
        writePods(admin, from, to),
        writePolicies(admin, from, to),
      ]);
      const namespacesRemoved = await removeNamespaces(admin, from, to);
      const touched: Readonly<Record<AgentKind, boolean>> = {
        namespaces: namespacesWritten || namespacesRemoved,
        pods: podsWritten,
        networkpolicies: policiesWritten,
      };
      const kinds = (Object.keys(touched) as AgentKind[]).filter((kind) => touched[kind]);
      await Promise.all(kinds.map(async (kind) => latest.set(kind, versionOf(await mark(admin, kind, `t${turn}`)))));
      return new Map(latest);
    },
  };
};
