import { asList, asObject, asText, type RawObject } from './raw.ts';

/** The workload that made a pod. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

/** The Deployment controller names a ReplicaSet after the Deployment and this label of its pods. */
const TEMPLATE_HASH = 'pod-template-hash';

/** The CronJob controller names a Job after the CronJob and the minute for which it runs. */
const SCHEDULED_JOB = /^(?<cronJob>.+)-\d{8}$/;

/** Returns what `metadata.ownerReferences` names: the controller, or the first one. */
export const ownerOf = (metadata: RawObject): Owner | undefined => {
  const references = asList(metadata['ownerReferences']).map(asObject);
  const reference = references.find((candidate) => candidate['controller'] === true) ?? references[0];
  const kind = asText(reference?.['kind']);
  const name = asText(reference?.['name']);
  return kind === undefined || name === undefined ? undefined : { kind, name };
};

/**
 * Derives the owner of an owner that is not at hand, by the way in which controllers name what they make.
 * @param metadata of the pod
 */
export const ownerByName = ({ kind, name }: Owner, metadata: RawObject): Owner | undefined => {
  if (kind === 'ReplicaSet') {
    const hash = asText(asObject(metadata['labels'])[TEMPLATE_HASH]);
    const suffix = `-${hash ?? ''}`;
    if (hash !== undefined && name.endsWith(suffix)) return { kind: 'Deployment', name: name.slice(0, -suffix.length) };
  }
  const cronJob = kind === 'Job' ? SCHEDULED_JOB.exec(name)?.groups?.['cronJob'] : undefined;
  return cronJob === undefined ? undefined : { kind: 'CronJob', name: cronJob };
};

/** Returns `Kind/name` of the workload that made the pod, as far as the pod itself tells; undefined for one made by hand. */
export const workloadName = (metadata: RawObject): string | undefined => {
  const owner = ownerOf(metadata);
  if (owner === undefined) return undefined;
  const { kind, name } = ownerByName(owner, metadata) ?? owner;
  return `${kind}/${name}`;
};
