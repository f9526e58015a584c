import { NAME_LABEL } from '../model/namespace.ts';
import type { PodEndpoint } from '../model/pod.ts';
import {
  describeWritten,
  fewestLabels,
  stableLabels,
  writtenNamespace,
  type WrittenPeer,
  writtenSelector,
  type WrittenSelector,
} from '../policy/written-selector.ts';
import type { Reading } from './reading.ts';

/** Names pods by the fewest labels that mean the same pods of the namespace as all lasting labels of the pod. */
export const selectorOf = (pod: PodEndpoint, siblings: readonly PodEndpoint[]): WrittenSelector =>
  writtenSelector(fewestLabels(stableLabels(pod.labels), siblings));

/** An entry of `from` or `to` that means the pod, in a policy of the namespace `home`. */
export const peerOfPod = (
  { namespaceLabels }: Reading,
  pod: PodEndpoint,
  siblings: readonly PodEndpoint[],
  home: string,
): WrittenPeer => ({
  ...(pod.namespace === home
    ? {}
    : { namespaceSelector: writtenNamespace(pod.namespace, namespaceLabels(pod.namespace)) }),
  podSelector: selectorOf(pod, siblings),
});

/** Such an entry in words: `app=web in namespace shop`. */
export const describePeerOfPod = ({ namespaceSelector, podSelector }: WrittenPeer): string => {
  const pods = describeWritten(podSelector);
  if (namespaceSelector === undefined) return pods;
  const { [NAME_LABEL]: name, ...others } = namespaceSelector.matchLabels ?? {};
  if (name !== undefined && Object.keys(others).length === 0) return `${pods} in namespace ${name}`;
  const labels = describeWritten(namespaceSelector);
  return labels === 'all pods' ? `${pods} in all namespaces` : `${pods} in namespaces ${labels}`;
};
