import { asList, asObject, asText } from '../raw.ts';
import type { ManifestObject } from './manifest-object.ts';

/** The workload that made a pod. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

/** Finds the workload at the top of an object's chain of owners; undefined for an object without an owner. */
export type FindWorkload = (object: ManifestObject) => Owner | undefined;

/** A chain of owners ends here, so that a loop of references ends too. Kubernetes makes up to two: CronJob, Job, Pod. */
const LONGEST_CHAIN = 8;

/** The Deployment controller names a ReplicaSet after the Deployment and this label of its pods. */
const TEMPLATE_HASH = 'pod-template-hash';

/** The CronJob controller names a Job after the CronJob and the minute for which it runs. */
const SCHEDULED_JOB = /^(?<cronJob>.+)-\d{8}$/;

/** Returns `metadata.ownerReferences`: the controller, or the first one. */
const referenceOf = ({ raw }: ManifestObject): Owner | undefined => {
  const references = asList(asObject(raw['metadata'])['ownerReferences']).map(asObject);
  const reference = references.find((candidate) => candidate['controller'] === true) ?? references[0];
  const kind = asText(reference?.['kind']);
  const name = asText(reference?.['name']);
  return kind === undefined || name === undefined ? undefined : { kind, name };
};

/** Derives the owner of an owner that is not in the input, by the way in which controllers name what they make. */
const ownerByName = ({ kind, name }: Owner, pod: ManifestObject): Owner | undefined => {
  if (kind === 'ReplicaSet') {
    const hash = asText(asObject(asObject(pod.raw['metadata'])['labels'])[TEMPLATE_HASH]);
    const suffix = `-${hash ?? ''}`;
    if (hash !== undefined && name.endsWith(suffix)) return { kind: 'Deployment', name: name.slice(0, -suffix.length) };
  }
  const cronJob = kind === 'Job' ? SCHEDULED_JOB.exec(name)?.groups?.['cronJob'] : undefined;
  return cronJob === undefined ? undefined : { kind: 'CronJob', name: cronJob };
};

const keyOf = (namespace: string, { kind, name }: Owner): string => `${namespace}/${kind}/${name}`;

/** What a set of manifests says about workloads and the pods that they made. */
export interface Owners {
  readonly workloadOf: FindWorkload;
  /** Reports whether the input has the pods of a workload, or its controller: then no pods are made up for it. */
  isRepresented(workload: ManifestObject): boolean;
}

/** @param objects everything in the input */
export const findOwners = (objects: readonly ManifestObject[]): Owners => {
  const workloads = new Map(
    objects.filter(({ use }) => use === 'workload').map((object) => [keyOf(object.namespace, object), object]),
  );
  const chainOf = (object: ManifestObject): readonly Owner[] => {
    const chain: Owner[] = [];
    let owner = referenceOf(object);
    while (owner !== undefined && chain.length < LONGEST_CHAIN) {
      chain.push(owner);
      const above = workloads.get(keyOf(object.namespace, owner));
      owner = above === undefined ? ownerByName(owner, object) : referenceOf(above);
    }
    return chain;
  };
  const withPods = new Set(
    objects
      .filter(({ use }) => use === 'pod')
      .flatMap((pod) => chainOf(pod).map((owner) => keyOf(pod.namespace, owner))),
  );
  return {
    workloadOf: (object) => chainOf(object).at(-1),
    isRepresented(workload) {
      if (withPods.has(keyOf(workload.namespace, workload))) return true;
      const controller = referenceOf(workload);
      return controller !== undefined && workloads.has(keyOf(workload.namespace, controller));
    },
  };
};
