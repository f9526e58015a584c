import type { PeerSpec } from './parsed.ts';
import { describeSelector, selectorKey } from './selector.ts';

type PodsSpec = Extract<PeerSpec, { kind: 'pods' }>;

/** Returns text that is equal exactly for peers that select by the same rule. `namespace` is the policy's own. */
export const peerKey = ({ podSelector, namespaceSelector }: PodsSpec, namespace: string): string =>
  JSON.stringify([
    namespaceSelector === undefined ? { name: namespace } : { selector: selectorKey(namespaceSelector) },
    podSelector === undefined ? '[]' : selectorKey(podSelector),
  ]);

/** Describes the selection for people. */
export const describePeer = ({ podSelector, namespaceSelector }: PodsSpec, namespace: string): string => {
  const labels = podSelector === undefined ? '' : describeSelector(podSelector);
  const pods = labels === '' ? 'all pods' : `pods ${labels}`;
  if (namespaceSelector === undefined) return `${pods} in namespace ${namespace}`;
  const namespaces = describeSelector(namespaceSelector);
  return namespaces === '' ? `${pods} in all namespaces` : `${pods} in namespaces ${namespaces}`;
};
