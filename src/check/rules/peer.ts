import type { PeerSpec } from '../../policy/parsed.ts';
import { describeSelector, selects } from '../../policy/selector.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { rulesOf } from '../rule-fields.ts';
import { type CheckedCluster, isSystemNamespace } from '../subject.ts';
import { listFew } from '../words.ts';
import { suggestLabels } from './pod-selector.ts';

export type PodsPeer = Extract<PeerSpec, { kind: 'pods' }>;

/** The namespaces whose pods the peer can mean. */
export const namespacesOf = (peer: PodsPeer, own: string, { namespaces }: CheckedCluster): readonly string[] => {
  const { namespaceSelector } = peer;
  if (namespaceSelector === undefined) return [own];
  return [...namespaces].filter(([, labels]) => selects(namespaceSelector, labels)).map(([name]) => name);
};

/** Whether the input tells which pods these namespaces have: those of system namespaces are seldom among manifests. */
export const arePodsKnown = (names: readonly string[], { pods }: CheckedCluster): boolean =>
  names.every((name) => !isSystemNamespace(name) || pods.some(({ namespace }) => namespace === name));

const checkPeer = (peer: PodsPeer, own: string, cluster: CheckedCluster): Omit<Observation, 'field'> | undefined => {
  const names = namespacesOf(peer, own, cluster);
  if (names.length === 0 && peer.namespaceSelector !== undefined) {
    if (cluster.declared.length === 0) return undefined;
    return {
      code: 'peer-selects-nothing',
      message: `no namespace has ${describeSelector(peer.namespaceSelector)}, so this entry allows nobody`,
      suggestion: `compare with the labels of the namespaces; there are: ${listFew(cluster.declared, 8)}`,
    };
  }
  if (cluster.pods.length === 0 || !arePodsKnown(names, cluster)) return undefined;
  const there = cluster.pods.filter((pod) => !pod.hostNetwork && names.includes(pod.namespace));
  const { podSelector } = peer;
  if (there.some((pod) => podSelector === undefined || selects(podSelector, pod.labels))) return undefined;
  const labels = podSelector === undefined ? '' : describeSelector(podSelector);
  return {
    code: 'peer-selects-nothing',
    message: `no pod${labels === '' ? '' : ` with ${labels}`} is in ${listFew(names)}, so this entry allows nobody`,
    suggestion: suggestLabels(podSelector ?? { requirements: [] }, there),
  };
};

/** Entries of `from` and `to` that mean nobody. */
export const findIdlePeers: CheckRule = ({ parsed }, cluster) =>
  rulesOf(parsed).flatMap(({ rule, peersField }) =>
    (rule.peers === 'any' ? [] : rule.peers).flatMap((peer, index): readonly Observation[] => {
      if (peer.kind !== 'pods') return [];
      const found = checkPeer(peer, parsed.namespace, cluster);
      return found === undefined ? [] : [{ ...found, field: [...peersField, index] }];
    }),
  );
