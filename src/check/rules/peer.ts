import type { FieldPath } from '../../model/field-path.ts';
import type { LabelSelector } from '../../model/labels.ts';
import type { PeerSpec } from '../../policy/parsed.ts';
import { describeSelector, selects } from '../../policy/selector.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { rulesOf } from '../rule-fields.ts';
import { type CheckedCluster, isSystemNamespace, podsIn } from '../subject.ts';
import { closest, listFew } from '../words.ts';
import { suggestLabels } from './pod-selector.ts';
import { NAME_LABEL } from '../../model/namespace.ts';

export type PodsPeer = Extract<PeerSpec, { kind: 'pods' }>;

/** Returns the namespaces whose pods the peer can select. */
export const namespacesOf = (peer: PodsPeer, own: string, { namespaces }: CheckedCluster): readonly string[] => {
  const { namespaceSelector } = peer;
  if (namespaceSelector === undefined) return [own];
  return [...namespaces].filter(([, labels]) => selects(namespaceSelector, labels)).map(([name]) => name);
};

/** Reports whether the input has the pods of these namespaces: manifests seldom include those of system namespaces. */
export const arePodsKnown = (names: readonly string[], { podsByNamespace }: CheckedCluster): boolean =>
  names.every((name) => !isSystemNamespace(name) || podsByNamespace.has(name));

/** Returns the namespace that a selector probably means: it requires a missing label, with that namespace's name as value. */
const namespaceMeant = (
  { requirements }: LabelSelector,
  { declared, namespaces }: CheckedCluster,
): { readonly key: string; readonly name: string } | undefined => {
  const [only, ...more] = requirements;
  const [name = '', ...others] = only?.values ?? [];
  if (only?.operator !== 'In' || more.length > 0 || others.length > 0) return undefined;
  if (!declared.includes(name) || namespaces.get(name)?.has(only.key) === true) return undefined;
  return { key: only.key, name };
};

const noNamespace = (peer: PodsPeer, field: FieldPath, cluster: CheckedCluster): Observation | undefined => {
  const selector = peer.namespaceSelector;
  if (selector === undefined || cluster.declared.length === 0) return undefined;
  const wanted = describeSelector(selector);
  const meant = namespaceMeant(selector, cluster);
  if (meant !== undefined) {
    return {
      code: 'namespace-label',
      field,
      message: `no namespace has ${wanted}, so this entry allows nobody: namespace ${meant.name} does not carry that label`,
      suggestion: `write ${NAME_LABEL}: ${meant.name}, which every namespace carries`,
      repairs: [{ kind: 'key', field: [...field, 'namespaceSelector', 'matchLabels', meant.key], key: NAME_LABEL }],
    };
  }
  const named = selector.requirements.find(({ key, operator }) => key === NAME_LABEL && operator === 'In');
  const typed = named === undefined ? undefined : closest(named.values[0] ?? '', cluster.declared);
  return {
    code: 'peer-selects-nothing',
    field,
    message: `no namespace has ${wanted}, so this entry allows nobody`,
    suggestion:
      typed === undefined
        ? `compare with the labels of the namespaces; there are: ${listFew(cluster.declared, 8)}`
        : `did you mean ${typed}? there are: ${listFew(cluster.declared, 8)}`,
  };
};

/** Returns the other namespaces, beyond `names`, with pods that have the labels. */
const elsewhere = (selector: LabelSelector, names: readonly string[], { pods }: CheckedCluster): readonly string[] => [
  ...new Set(
    pods
      .filter(({ namespace, labels }) => !names.includes(namespace) && selects(selector, labels))
      .map(({ namespace }) => namespace),
  ),
];

const checkPeer = (peer: PodsPeer, own: string, field: FieldPath, cluster: CheckedCluster): Observation | undefined => {
  const names = namespacesOf(peer, own, cluster);
  if (names.length === 0 && peer.namespaceSelector !== undefined) return noNamespace(peer, field, cluster);
  if (cluster.pods.length === 0 || !arePodsKnown(names, cluster)) return undefined;
  const there = podsIn(names, cluster).filter(({ hostNetwork }) => !hostNetwork);
  const { podSelector } = peer;
  if (there.some((pod) => podSelector === undefined || selects(podSelector, pod.labels))) return undefined;
  const selector = podSelector ?? { requirements: [] };
  const labels = describeSelector(selector);
  const others = labels === '' || peer.namespaceSelector !== undefined ? [] : elsewhere(selector, names, cluster);
  return {
    code: 'peer-selects-nothing',
    field,
    message: `no pod${labels === '' ? '' : ` with ${labels}`} is in ${listFew(names)}, so this entry allows nobody`,
    suggestion:
      others.length === 0
        ? suggestLabels(selector, there)
        : `such pods are in ${listFew(others)}: without a namespaceSelector an entry means pods of the policy's own namespace`,
  };
};

/** Finds entries of `from` and `to` that select nothing. */
export const findIdlePeers: CheckRule = ({ parsed }, cluster) =>
  rulesOf(parsed).flatMap(({ rule, peersField }) =>
    (rule.peers === 'any' ? [] : rule.peers).flatMap((peer, index): readonly Observation[] => {
      if (peer.kind !== 'pods') return [];
      const found = checkPeer(peer, parsed.namespace, [...peersField, index], cluster);
      return found === undefined ? [] : [found];
    }),
  );
