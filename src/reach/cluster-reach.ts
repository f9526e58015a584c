import type { IpFamily } from '../model/family.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { createPolicyIndex } from '../trace/policy-index.ts';
import { createFamilyReach, type FamilyReach } from './family-reach.ts';
import { classifyPods, type PodClass } from './pod-classes.ts';
import { createPortSets, type PortSets } from './port-sets.ts';

/** Who reaches whom in a cluster, by classes of pods and of addresses outside. */
export interface ClusterReach {
  readonly classes: readonly PodClass[];
  /** By the very objects that were given. */
  readonly classOf: ReadonlyMap<PodEndpoint, number>;
  readonly families: readonly FamilyReach[];
  readonly portSets: PortSets;
}

export interface ClusterReachInput {
  /** Compiled for the pods of all nodes. */
  readonly policy: NodePolicy;
  /** All pods that the policy was compiled from. */
  readonly everyPod: Iterable<PodEndpoint>;
  /** The pods in question: with addresses, none on the host network. */
  readonly pods: readonly PodEndpoint[];
  readonly families: readonly IpFamily[];
  /** Of another cluster that this one is compared with; new ones if absent. */
  readonly portSets?: PortSets;
}

/** Determines which pods reach which. Nothing is stored per pair: each verdict is computed on request, from sets of bits. */
export const createClusterReach = (input: ClusterReachInput): ClusterReach => {
  const { policy, everyPod, pods, families, portSets = createPortSets() } = input;
  const index = createPolicyIndex(policy, everyPod);
  const classes = classifyPods(policy, index, pods, families);
  const inside = new Set(pods.flatMap(({ ips, hostIPs }) => [...ips, ...hostIPs]));
  const parts = { policy, index, pods: classes, portSets, inside };
  return {
    classes: classes.classes,
    classOf: classes.classOf,
    families: families.map((family) => createFamilyReach(parts, family)),
    portSets,
  };
};
