import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { compileNodePolicy } from '../../policy/compile.ts';
import type { NodePolicy } from '../../policy/node-policy.ts';
import { type ClusterReach, createClusterReach } from '../../reach/cluster-reach.ts';
import type { PortSets } from '../../reach/port-sets.ts';
import { createRows, eachPod, type Row, type WorkloadOf } from '../../reach/workloads.ts';
import { type PlacedCluster, placePods } from './place-pods.ts';

/** Pods that a workload of a manifest stands for at most: beyond that more replicas tell nothing more. */
export const MOST_REPLICAS = 1_000;

/** Manifests, compiled, with every pod at an address. */
export interface ReadCluster extends PlacedCluster {
  readonly policy: NodePolicy;
}

/** @param previous see placePods */
export const readCluster = (loaded: LoadedManifests, previous?: ReadCluster): ReadCluster => {
  const placed = placePods(loaded.snapshot, previous?.snapshot);
  return { ...placed, policy: compileNodePolicy(placed.snapshot, undefined) };
};

/** Names pods after the workload at the top of their chain of owners; the node that owns a static pod is none. */
export const workloadsOf =
  ({ podOrigins }: Pick<LoadedManifests, 'podOrigins'>): WorkloadOf =>
  (pod) => {
    const owner = podOrigins.get(pod.uid)?.owner;
    return owner === undefined || owner.kind === 'Node' ? eachPod(pod) : owner;
  };

export const reachOf = ({ policy, snapshot, pods, families }: ReadCluster, portSets?: PortSets): ClusterReach =>
  createClusterReach({
    policy,
    everyPod: snapshot.pods.values(),
    pods,
    families,
    ...(portSets !== undefined && { portSets }),
  });

/** Makes rows of some of the cluster's pods. */
export const rowMaker =
  (reach: ClusterReach, all: readonly PodEndpoint[], workloadOf: WorkloadOf) =>
  (pods: readonly PodEndpoint[]): readonly Row[] =>
    createRows(reach, all, pods, workloadOf);
