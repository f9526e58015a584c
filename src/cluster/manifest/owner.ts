import { type Owner, ownerByName, ownerOf } from '../owner-reference.ts';
import { asObject, type RawObject } from '../raw.ts';
import type { ManifestObject } from './manifest-object.ts';

/** Finds the workload at the top of an object's chain of owners; undefined for an object without an owner. */
export type FindWorkload = (object: ManifestObject) => Owner | undefined;

/** A chain of owners ends here, so that a loop of references ends too. Kubernetes makes up to two: CronJob, Job, Pod. */
const LONGEST_CHAIN = 8;

const metadataOf = ({ raw }: ManifestObject): RawObject => asObject(raw['metadata']);

const keyOf = (namespace: string, { kind, name }: Owner): string => `${namespace}/${kind}/${name}`;

/** The workloads of a set of manifests, and the pods that they made. */
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
    let owner = ownerOf(metadataOf(object));
    while (owner !== undefined && chain.length < LONGEST_CHAIN) {
      chain.push(owner);
      const above = workloads.get(keyOf(object.namespace, owner));
      owner = above === undefined ? ownerByName(owner, metadataOf(object)) : ownerOf(metadataOf(above));
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
      const controller = ownerOf(metadataOf(workload));
      return controller !== undefined && workloads.has(keyOf(workload.namespace, controller));
    },
  };
};
