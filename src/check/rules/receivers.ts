import type { PodEndpoint } from '../../model/pod.ts';
import { selects } from '../../policy/selector.ts';
import type { PlacedRule } from '../rule-fields.ts';
import { type CheckedCluster, type CheckedPolicy, podsIn } from '../subject.ts';
import { arePodsKnown, namespacesOf } from './peer.ts';

/** Whether nobody but pods that the rule selects can receive what it allows. */
export const meansPodsAlone = ({ direction, rule }: PlacedRule): boolean =>
  direction === 'ingress' || (rule.peers !== 'any' && rule.peers.every(({ kind }) => kind === 'pods'));

/** The pods whose ports the rule means, as far as the input has them; undefined where it cannot tell. */
export const receiversOf = (
  { direction, rule }: PlacedRule,
  { parsed, pods }: CheckedPolicy,
  cluster: CheckedCluster,
): readonly PodEndpoint[] | undefined => {
  if (direction === 'ingress') return pods;
  if (rule.peers === 'any') return cluster.pods;
  const found: PodEndpoint[] = [];
  for (const peer of rule.peers) {
    if (peer.kind !== 'pods') return cluster.pods;
    const { podSelector } = peer;
    const names = namespacesOf(peer, parsed.namespace, cluster);
    if (!arePodsKnown(names, cluster)) return undefined;
    const there = podsIn(names, cluster);
    for (const pod of there) if (podSelector === undefined || selects(podSelector, pod.labels)) found.push(pod);
  }
  return found;
};
