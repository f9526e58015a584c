import type { LoadedManifests, PodOrigin } from '../../../src/cluster/manifest/assemble.ts';
import type { Owner } from '../../../src/cluster/owner-reference.ts';
import { loadManifests } from '../../../src/cluster/manifest/load-manifests.ts';
import { asList, asObject, asText } from '../../../src/cluster/raw.ts';
import type { PodEndpoint } from '../../../src/model/pod.ts';
import type { ClusterSnapshot } from '../../../src/model/snapshot.ts';

/** np-guard's unit: pods of one owner, of which one represents all. */
export interface Workload {
  /** Returns `namespace/name[Kind]`. */
  readonly name: string;
  readonly pod: PodEndpoint;
}

export interface Topology {
  readonly workloads: readonly Workload[];
  readonly snapshot: ClusterSnapshot;
}

/** Returns the first owner, possibly only by name: some of np-guard's pods have no kind, which then reads Pod. */
const ownerOf = ({ object, owner }: PodOrigin, pod: PodEndpoint): Owner => {
  const [reference] = asList(asObject(object.raw['metadata'])['ownerReferences']);
  return owner ?? { kind: 'Pod', name: asText(asObject(reference)['name']) ?? pod.name };
};

const workloadOf = ({ podOrigins }: LoadedManifests, pod: PodEndpoint): string => {
  const origin = podOrigins.get(pod.uid);
  const { kind, name } = origin === undefined ? { kind: 'Pod', name: pod.name } : ownerOf(origin, pod);
  return `${pod.namespace}/${name}[${kind}]`;
};

/**
 * In np-guard an ipBlock never includes a pod, and there is no host network; so pods here have addresses in no ipBlock
 * of the corpus.
 */
const placed = (pod: PodEndpoint, at: number): PodEndpoint => ({
  ...pod,
  ips: [`172.30.${1 + Math.floor(at / 250)}.${1 + (at % 250)}`],
  hostIPs: [],
  hostNetwork: false,
});

/** Reads a folder of np-guard: policies, and pods or the workloads that make them. */
export const readTopology = async (folder: string): Promise<Topology> => {
  const loaded = await loadManifests([folder]);
  const byName = new Map<string, Workload>();
  for (const pod of loaded.snapshot.pods.values()) {
    const name = workloadOf(loaded, pod);
    if (!byName.has(name)) byName.set(name, { name, pod: placed(pod, byName.size) });
  }
  const workloads = [...byName.values()];
  return {
    workloads,
    snapshot: { ...loaded.snapshot, pods: new Map(workloads.map(({ pod }) => [pod.uid, pod])) },
  };
};
