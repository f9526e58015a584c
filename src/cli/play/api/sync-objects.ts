import { isDeepStrictEqual } from 'node:util';
import type { LoadedManifests } from '../../../cluster/manifest/assemble.ts';
import { asObject, asText, type RawObject } from '../../../cluster/raw.ts';
import type { AdminClient } from '../../../lab/apiserver/client.ts';
import type { ObjectRef } from '../../../lab/apiserver/kinds.ts';
import type { PodEndpoint } from '../../../model/pod.ts';
import { describeFailure } from '../../failure.ts';
import { podSpec } from '../state-file.ts';
import { without } from './without.ts';

/** Applies a folder to an API server, as `kubectl apply` and `kubectl delete` would. */
export interface ObjectSync {
  /** Applies what is new or changed since the last call, and deletes what is gone. @returns refusals, for people */
  apply(loaded: LoadedManifests): Promise<readonly string[]>;
}

interface Manifest extends ObjectRef {
  readonly metadata: ObjectRef['metadata'] & { readonly labels?: unknown };
  readonly spec?: unknown;
}

type Desired = ReadonlyMap<string, Manifest>;

/** Fields that only a server sets. */
const SERVERS_OWN = ['uid', 'resourceVersion', 'creationTimestamp', 'generation', 'managedFields', 'selfLink'];

const refOf = (raw: RawObject, namespace: string, name: string): Manifest => {
  const scope = namespace === '' ? {} : { namespace };
  const metadata = { ...without(asObject(raw['metadata']), SERVERS_OWN), name, ...scope };
  const apiVersion = asText(raw['apiVersion']) ?? '';
  return { ...without(raw, ['status']), apiVersion, kind: asText(raw['kind']) ?? '', metadata };
};

/** Returns a pod of a workload as its controller would make it. */
const madePod = (pod: PodEndpoint): Manifest => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: pod.namespace, name: pod.name, labels: Object.fromEntries(pod.labels) },
  spec: podSpec({ ...pod, node: '' }),
});

const keyOf = ({ kind, metadata: { namespace = '', name } }: ObjectRef): string => `${kind} ${namespace}/${name}`;

/**
 * Returns the wanted objects. Namespaces come first, since nothing can be created in a missing one. Machines outside
 * the cluster are left out: the API server would refuse some of their addresses (link-local ones).
 */
const desiredOf = (loaded: LoadedManifests): Desired => {
  const { namespaces, pods } = loaded.snapshot;
  const objects: readonly Manifest[] = [
    ...[...namespaces.values()].map(({ name, labels }) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: Object.fromEntries(labels) },
    })),
    ...[...pods.values()].map((pod) => {
      const origin = loaded.podOrigins.get(pod.uid)?.object;
      return origin?.use === 'pod' ? refOf(origin.raw, pod.namespace, pod.name) : madePod(pod);
    }),
    ...loaded.services.map(({ object, namespace, name }) => refOf(object.raw, namespace, name)),
    ...[...loaded.policyOrigins.values()].map(({ raw, namespace, name }) => refOf(raw, namespace, name)),
  ];
  return new Map(objects.map((object) => [keyOf(object), object]));
};

/** An API server creates them itself, and refuses to delete them. */
const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'].map(
  (name) => `Namespace /${name}`,
);

/** Applies an object. Most of a pod cannot be changed, only replaced. */
const applyOne = async (admin: AdminClient, object: ObjectRef): Promise<void> => {
  try {
    await admin.apply(object);
  } catch (error) {
    if (object.kind !== 'Pod') throw error;
    await admin.delete(object);
    await admin.apply(object);
  }
};

export const createObjectSync = (admin: AdminClient): ObjectSync => {
  let known: Desired = new Map();
  return {
    async apply(loaded) {
      const desired = desiredOf(loaded);
      const failures: string[] = [];
      const attempt = async (what: string, work: Promise<void>): Promise<void> => {
        await work.catch((error: unknown) => failures.push(`${what}: ${describeFailure(error)}`));
      };
      for (const [key, object] of [...known].toReversed()) {
        if (!desired.has(key) && !SYSTEM_NAMESPACES.includes(key))
          await attempt(`deleting ${key}`, admin.delete(object));
      }
      for (const [key, object] of desired) {
        if (!isDeepStrictEqual(known.get(key), object)) await attempt(key, applyOne(admin, object));
      }
      known = desired;
      return failures;
    },
  };
};
