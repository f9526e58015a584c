import type { Intern } from '../intern.ts';
import { asObject, type RawObject } from '../raw.ts';
import { trimPod } from '../trim-pod.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { checkInteger, checkObject, type Report } from './check.ts';
import { checkLabels, checkPodSpec } from './check-pod.ts';
import type { ManifestObject } from './manifest-object.ts';
import type { FieldPath } from '../../model/field-path.ts';

const MAX_REPLICAS = 2 ** 31 - 1;

/** Returns the path of a workload's pod template. */
const templatePath = (kind: unknown): readonly string[] =>
  kind === 'CronJob' ? ['spec', 'jobTemplate', 'spec', 'template'] : ['spec', 'template'];

/** Returns the field that has the number of pods: `replicas`; `parallelism` of a Job. A DaemonSet has as many as nodes. */
const countField = (kind: unknown): FieldPath | undefined => {
  if (kind === 'DaemonSet' || kind === 'CronJob') return undefined;
  return ['spec', kind === 'Job' ? 'parallelism' : 'replicas'];
};

const at = (raw: RawObject, path: FieldPath): unknown =>
  path.reduce<unknown>((value, step) => asObject(value)[step], raw);

export const checkWorkload = (raw: RawObject, report: Report): void => {
  const path = templatePath(raw['kind']);
  const template = checkObject(at(raw, path), path, report);
  const metadata = checkObject(template['metadata'], [...path, 'metadata'], report);
  checkLabels(metadata['labels'], [...path, 'metadata', 'labels'], report);
  checkPodSpec(template['spec'], [...path, 'spec'], report);
  const field = countField(raw['kind']);
  const count = field === undefined ? undefined : at(raw, field);
  if (field !== undefined && count !== undefined && count !== null) {
    checkInteger(count, [0, MAX_REPLICAS], field, report);
  }
};

/**
 * Returns the pods that a workload's controller would make: `name-0`, `name-1` and so on, with the template's labels
 * and ports.
 *
 * @param most maximum number of pods, however many replicas there are
 */
export const podsOfWorkload = (workload: ManifestObject, most: number, intern: Intern): readonly PodEndpoint[] => {
  const { kind, namespace, name, raw } = workload;
  const field = countField(kind);
  const wanted = field === undefined ? undefined : at(raw, field);
  const count = Math.min(typeof wanted === 'number' ? wanted : 1, most);
  const template = asObject(at(raw, templatePath(kind)));
  const { labels } = asObject(template['metadata']);
  return Array.from({ length: count }, (_, index) => {
    // The kind is part of the key: a Deployment and a StatefulSet may share a name.
    const uid = `${namespace}/${kind}/${name}/${String(index)}`;
    const ownerReferences = [{ kind, name, controller: true }];
    const metadata = { uid, namespace, name: `${name}-${String(index)}`, labels, ownerReferences };
    return trimPod({ metadata, spec: template['spec'] }, intern);
  }).filter((pod) => pod !== undefined);
};
