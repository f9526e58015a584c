import { asList, asObject, asText, type RawObject } from '../../../cluster/raw.ts';
import type { AdminClient } from '../../../lab/apiserver/client.ts';
import type { ObjectRef } from '../../../lab/apiserver/kinds.ts';
import type { ClusterSnapshot } from '../../../model/snapshot.ts';
import { podStatus } from '../state-file.ts';
import type { ClusterState } from './cluster-state.ts';

const refOf = (apiVersion: string, kind: string, raw: RawObject): ObjectRef => {
  const metadata = asObject(raw['metadata']);
  const namespace = asText(metadata['namespace']);
  return {
    apiVersion,
    kind,
    metadata: { name: asText(metadata['name']) ?? '', ...(namespace === undefined ? {} : { namespace }) },
  };
};

const isTerminating = (raw: RawObject): boolean => asObject(raw['metadata'])['deletionTimestamp'] !== undefined;

const KINDS = {
  pods: ['v1', 'Pod'],
  services: ['v1', 'Service'],
  networkpolicies: ['networking.k8s.io/v1', 'NetworkPolicy'],
  endpointslices: ['discovery.k8s.io/v1', 'EndpointSlice'],
} as const;

/** Deletes the remaining objects of a namespace that is being deleted, then the namespace. */
const emptyNamespaces = async (admin: AdminClient, state: ClusterState): Promise<number> => {
  const going = state.namespaces.filter(isTerminating).map((raw) => refOf('v1', 'Namespace', raw));
  const names = new Set(going.map(({ metadata }) => metadata.name));
  if (names.size === 0) return 0;
  for (const [list, [apiVersion, kind]] of Object.entries(KINDS)) {
    const held = state[list as keyof typeof KINDS].map((raw) => refOf(apiVersion, kind, raw));
    for (const ref of held.filter(({ metadata }) => names.has(metadata.namespace ?? ''))) await admin.delete(ref);
  }
  for (const ref of going) await admin.delete(ref);
  return going.length;
};

const endPods = async (admin: AdminClient, { pods }: ClusterState): Promise<number> => {
  const ending = pods.filter(isTerminating).map((raw) => refOf('v1', 'Pod', raw));
  for (const ref of ending) await admin.delete(ref);
  return ending.length;
};

/** Returns the part of a status that makes kubectl show a pod as ready. */
const readiness = (raw: RawObject, now: string): object => ({
  startTime: now,
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }],
  containerStatuses: asList(asObject(raw['spec'])['containers']).map((container) => {
    const { name, image } = asObject(container);
    const state = { running: { startedAt: now } };
    return { name, image, imageID: '', ready: true, started: true, restartCount: 0, state };
  }),
});

/** Sets the nodes and addresses of pods as in `placed`. */
const startPods = async (admin: AdminClient, { pods }: ClusterState, placed: ClusterSnapshot): Promise<number> => {
  let started = 0;
  for (const raw of pods.filter((each) => !isTerminating(each))) {
    const ref = refOf('v1', 'Pod', raw);
    const pod = placed.pods.get(`${ref.metadata.namespace ?? ''}/${ref.metadata.name}`);
    if (pod === undefined) continue;
    if (asText(asObject(raw['spec'])['nodeName']) === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: pod.node };
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: ref.metadata, target };
      await admin.create(binding);
      started += 1;
    }
    if (asText(asObject(raw['status'])['podIP']) === undefined) {
      await admin.patchStatus(ref, { ...podStatus(pod), ...readiness(raw, new Date().toISOString()) });
      started += 1;
    }
  }
  return started;
};

/**
 * Does once what scheduler, kubelets and the namespace controller would do.
 * @param placed the same pods with nodes and addresses
 * @returns the number of changes; if there were any, the state must be read again
 */
export const takeCare = async (admin: AdminClient, state: ClusterState, placed: ClusterSnapshot): Promise<number> =>
  (await emptyNamespaces(admin, state)) + (await endPods(admin, state)) + (await startPods(admin, state, placed));
