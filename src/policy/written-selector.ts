import type { Labels } from '../model/labels.ts';
import { NAME_LABEL } from '../model/namespace.ts';
import type { PodEndpoint } from '../model/pod.ts';

/** Labels that controllers set and that another pod of the same workload, or its next release, does not have. */
const PASSING: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'rollouts-pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'controller-uid',
  'job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
  'batch.kubernetes.io/job-completion-index',
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
  'helm.sh/chart',
  'chart',
  'heritage',
]);

/** Labels that name what a pod is, the likelier first; others come after them by name. */
const PREFERRED = [
  'app.kubernetes.io/name',
  'app',
  'k8s-app',
  'app.kubernetes.io/component',
  'component',
  'role',
  'tier',
];

const rank = (key: string): number => {
  const at = PREFERRED.indexOf(key);
  return at < 0 ? PREFERRED.length : at;
};

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** The alphabet of names that controllers make up (apimachinery, util/rand). */
const MADE_UP = /^(?=.*\d)(?=.*[a-z])[bcdfghjklmnpqrstvwxz2456789]{8,10}$/;
const HEXADECIMAL = /^(?=.*\d)(?=.*[a-f])[\da-f]{7,64}$/i;
const LONG_NUMBER = /^\d{8,}$/;

/** Reports whether a label's value looks like a digest, an identifier or a time: the next release has another one. */
const isHashLike = (value: string): boolean =>
  [UUID, MADE_UP, HEXADECIMAL, LONG_NUMBER].some((pattern) => pattern.test(value));

/** Labels as pairs of key and value. */
export type LabelEntries = readonly (readonly [string, string])[];

/** Returns the labels that pods of the workload keep over replicas and releases, those that name it first. */
export const stableLabels = (labels: Labels): LabelEntries =>
  [...labels]
    .filter(([key, value]) => !PASSING.has(key) && !isHashLike(value))
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));

/** Reports whether the labels have all entries. */
export const hasEntries = (labels: Labels, entries: LabelEntries): boolean =>
  entries.every(([key, value]) => labels.get(key) === value);

const count = (pods: readonly PodEndpoint[], entries: LabelEntries): number =>
  pods.filter(({ labels }) => hasEntries(labels, entries)).length;

/** Returns one entry or two that mean the same of these pods as all entries do; else all. */
export const fewestLabels = (entries: LabelEntries, pods: readonly PodEndpoint[]): LabelEntries => {
  const wanted = count(pods, entries);
  const one = entries.find((each) => count(pods, [each]) === wanted);
  if (one !== undefined) return [one];
  const [first, ...others] = entries;
  const second = first === undefined ? undefined : others.find((each) => count(pods, [first, each]) === wanted);
  return first === undefined || second === undefined ? entries : [first, second];
};

/** A selector as it is written. */
export interface WrittenSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: 'DoesNotExist' }[];
}

/** Returns the selector of pods with these labels. */
export const writtenSelector = (entries: LabelEntries): WrittenSelector =>
  entries.length === 0 ? {} : { matchLabels: Object.fromEntries(entries) };

/** Names a namespace by its name; by all its labels where it does not have that label. */
export const writtenNamespace = (name: string, labels: Labels): WrittenSelector =>
  writtenSelector(labels.get(NAME_LABEL) === name ? [[NAME_LABEL, name]] : [...labels].sort());

/** An entry of `from` or `to` that means pods, as it is written. */
export interface WrittenPeer {
  readonly namespaceSelector?: WrittenSelector;
  readonly podSelector: WrittenSelector;
}

/** Returns the selector in words: `app=web,role=client`, or `all pods`. */
export const describeWritten = ({ matchLabels = {}, matchExpressions = [] }: WrittenSelector): string =>
  [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key }) => `!${key}`),
  ].join(',') || 'all pods';
