import type { Labels } from '../model/labels.ts';
import { NAME_LABEL } from '../model/namespace.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { Reading } from './reading.ts';

/** Labels that controllers set and that another pod of the same workload, or its next revision, does not have. */
const PASSING: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'controller-uid',
  'job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
  'batch.kubernetes.io/job-completion-index',
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

type Entries = readonly (readonly [string, string])[];

const stableLabels = (labels: Labels): Entries =>
  [...labels].filter(([key]) => !PASSING.has(key)).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));

const has = (labels: Labels, entries: Entries): boolean => entries.every(([key, value]) => labels.get(key) === value);

const count = (pods: readonly PodEndpoint[], entries: Entries): number =>
  pods.filter(({ labels }) => has(labels, entries)).length;

/** One label or two that mean the same pods as all of them do; else all. */
const shortest = (entries: Entries, pods: readonly PodEndpoint[]): Entries => {
  const wanted = count(pods, entries);
  const one = entries.find((each) => count(pods, [each]) === wanted);
  if (one !== undefined) return [one];
  const [first, ...others] = entries;
  const second = first === undefined ? undefined : others.find((each) => count(pods, [first, each]) === wanted);
  return first === undefined || second === undefined ? entries : [first, second];
};

/** A selector as it is written. */
interface WrittenSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
}

const written = (entries: Entries): WrittenSelector =>
  entries.length === 0 ? {} : { matchLabels: Object.fromEntries(entries) };

/** Names pods by the fewest labels that mean the same pods of the namespace as all lasting labels of the pod. */
export const selectorOf = (pod: PodEndpoint, siblings: readonly PodEndpoint[]): WrittenSelector =>
  written(shortest(stableLabels(pod.labels), siblings));

/** Names a namespace by its name; by all its labels where it has not got that label. */
const namespaceSelectorOf = ({ namespaceLabels }: Reading, name: string): WrittenSelector => {
  const labels = namespaceLabels(name);
  return written(labels.get(NAME_LABEL) === name ? [[NAME_LABEL, name]] : [...labels].sort());
};

/** An entry of `from` or `to` that means pods, as it is written. */
interface WrittenPeer {
  readonly namespaceSelector?: WrittenSelector;
  readonly podSelector: WrittenSelector;
}

/** An entry of `from` or `to` that means the pod, in a policy of the namespace `home`. */
export const peerOfPod = (
  reading: Reading,
  pod: PodEndpoint,
  siblings: readonly PodEndpoint[],
  home: string,
): WrittenPeer => ({
  ...(pod.namespace === home ? {} : { namespaceSelector: namespaceSelectorOf(reading, pod.namespace) }),
  podSelector: selectorOf(pod, siblings),
});

/** Labels in words: `app=web,role=client`, or `all pods`. */
export const describeWritten = ({ matchLabels = {} }: WrittenSelector): string =>
  Object.entries(matchLabels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',') || 'all pods';

/** Such an entry in words: `app=web in namespace shop`. */
export const describePeerOfPod = ({ namespaceSelector, podSelector }: WrittenPeer): string => {
  const pods = describeWritten(podSelector);
  if (namespaceSelector === undefined) return pods;
  const { [NAME_LABEL]: name, ...others } = namespaceSelector.matchLabels ?? {};
  if (name !== undefined && Object.keys(others).length === 0) return `${pods} in namespace ${name}`;
  const labels = describeWritten(namespaceSelector);
  return labels === 'all pods' ? `${pods} in all namespaces` : `${pods} in namespaces ${labels}`;
};
