import { isDeepStrictEqual } from 'node:util';
import { NAME_LABEL, type NamespaceEntry } from '../../model/namespace.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import type { PolicyKey, PolicyObject } from '../../model/policy-object.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';
import type { Intern } from '../intern.ts';
import { asObject } from '../raw.ts';
import { trimNamespace, trimPolicy } from '../resource.ts';
import { trimPod } from '../trim-pod.ts';
import { describeObject, type FileContent, type ManifestObject } from './manifest-object.ts';
import type { Owner } from '../owner-reference.ts';
import { findOwners } from './owner.ts';
import type { ManifestProblem } from './place.ts';
import { type ManifestService, readService } from './service.ts';
import { podsOfWorkload } from './workload.ts';

/** The object that a pod comes from. */
export interface PodOrigin {
  /** The Pod, or the workload. */
  readonly object: ManifestObject;
  /** The workload that made the pod: the Deployment rather than its ReplicaSet. */
  readonly owner: Owner | undefined;
}

/** The content of a set of manifests. */
export interface LoadedManifests {
  /** Pods without status have no addresses. Namespaces that are only mentioned are included. */
  readonly snapshot: ClusterSnapshot;
  /** By PodEndpoint.uid. */
  readonly podOrigins: ReadonlyMap<string, PodOrigin>;
  readonly policyOrigins: ReadonlyMap<PolicyKey, ManifestObject>;
  /** Namespaces that exist as objects, by name. */
  readonly namespaceOrigins: ReadonlyMap<string, ManifestObject>;
  readonly services: readonly ManifestService[];
  /** Objects of kinds that do not matter to policy. */
  readonly ignored: readonly ManifestObject[];
  readonly problems: readonly ManifestProblem[];
}

/** Removes duplicates: of objects with the same name only the last one counts, as with kubectl apply. */
const withoutDuplicates = (
  objects: readonly ManifestObject[],
): { objects: ManifestObject[]; problems: ManifestProblem[] } => {
  const last = new Map<string, ManifestObject>();
  const problems: ManifestProblem[] = [];
  for (const object of objects) {
    const described = describeObject(object);
    const earlier = last.get(described);
    if (earlier !== undefined && object.use !== 'ignored' && !isDeepStrictEqual(earlier.raw, object.raw)) {
      const { file, line } = earlier.place;
      const message = `is defined differently at ${file}:${String(line)} too; the one here counts`;
      problems.push({ ...object.place, object: described, message });
    }
    last.set(described, object);
  }
  return { objects: [...last.values()], problems };
};

const withNameLabel = (entry: NamespaceEntry): NamespaceEntry => ({
  ...entry,
  labels: new Map(entry.labels).set(NAME_LABEL, entry.name),
});

/**
 * Returns the pod of a manifest, which is known by its name: manifests saved from a cluster still have uids, and copies of
 * a pod with the same uid would hide each other.
 */
const podOf = ({ raw, namespace, name }: ManifestObject, intern: Intern): PodEndpoint | undefined => {
  const metadata = { ...asObject(raw['metadata']), namespace, name, uid: undefined };
  return trimPod({ ...raw, metadata }, intern);
};

/**
 * Combines the objects of several files.
 *
 * @param maxReplicas maximum number of pods for a workload
 */
export const assemble = (files: readonly FileContent[], maxReplicas: number, intern: Intern): LoadedManifests => {
  const pods = new Map<string, PodEndpoint>();
  const podOrigins = new Map<string, PodOrigin>();
  const namespaces = new Map<string, NamespaceEntry>();
  const policies = new Map<PolicyKey, PolicyObject>();
  const policyOrigins = new Map<PolicyKey, ManifestObject>();
  const namespaceOrigins = new Map<string, ManifestObject>();
  const services: ManifestService[] = [];
  const ignored: ManifestObject[] = [];
  const { objects, problems } = withoutDuplicates(files.flatMap((content) => content.objects));
  const owners = findOwners(objects);

  const addPods = (
    object: ManifestObject,
    owner: Owner | undefined,
    made: readonly (PodEndpoint | undefined)[],
  ): void => {
    for (const pod of made) {
      if (pod === undefined) continue;
      pods.set(pod.uid, pod);
      podOrigins.set(pod.uid, { object, owner });
    }
  };
  const add: Readonly<Record<ManifestObject['use'], (object: ManifestObject) => void>> = {
    pod(object) {
      addPods(object, owners.workloadOf(object), [podOf(object, intern)]);
    },
    workload(object) {
      if (owners.isRepresented(object)) return;
      const { kind, name } = object;
      addPods(object, { kind, name }, podsOfWorkload(object, maxReplicas, intern));
    },
    namespace(object) {
      const metadata = { ...asObject(object.raw['metadata']), name: object.name };
      const entry = trimNamespace({ metadata }, intern);
      if (entry === undefined) return;
      namespaces.set(entry.name, withNameLabel(entry));
      namespaceOrigins.set(entry.name, object);
    },
    policy(object) {
      const metadata = { namespace: object.namespace, name: object.name };
      const policy = trimPolicy({ metadata, spec: object.raw['spec'] }, intern);
      if (policy === undefined) return;
      policies.set(policy.key, policy);
      policyOrigins.set(policy.key, object);
    },
    service: (object) => services.push(readService(object, intern)),
    ignored: (object) => ignored.push(object),
  };

  for (const object of objects) add[object.use](object);
  for (const { namespace, use } of objects) {
    if (use === 'ignored' || namespace === '' || namespaces.has(namespace)) continue;
    namespaces.set(namespace, withNameLabel({ name: namespace, labels: new Map() }));
  }
  return {
    snapshot: { pods, namespaces, policies },
    podOrigins,
    policyOrigins,
    namespaceOrigins,
    services,
    ignored,
    problems: [...files.flatMap((content) => content.problems), ...problems],
  };
};
