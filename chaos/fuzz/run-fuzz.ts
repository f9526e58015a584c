import fc from 'fast-check';
import { stringify } from 'yaml';
import type { FuzzCluster } from './fuzz-cluster.ts';
import { arbitraryCluster } from './generate/cluster.ts';
import { packetsFor } from './generate/packets.ts';
import { judgeCluster } from './judge.ts';
import type { KernelStage } from './kernel-stage.ts';

export interface FuzzSettings {
  readonly clusters: number;
  /** Over all clusters. */
  readonly packets: number;
  readonly seed: number;
  /** Of so many clusters, from 0 to 1, every packet is sent through the real kernel as well. */
  readonly kernelShare: number;
  /** Took in turn; none where the kernel is not asked. */
  readonly stages: readonly KernelStage[];
  /** Told now and then how far it is. */
  readonly progress: (done: FuzzCounts) => void;
}

export interface FuzzCounts {
  readonly clusters: number;
  readonly packets: number;
  readonly allowed: number;
  readonly faultyPolicies: number;
  readonly kernelClusters: number;
  readonly kernelPackets: number;
}

/** A cluster about which the readings differ, made as small as possible; the message is a reproducer. */
export class FuzzFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FuzzFailure';
  }
}

/** fast-check starts each batch anew from a seed of its own, so that a failure is found again without what came before. */
const BATCH = 100;

const manifests = ({ namespaces, pods, policies }: FuzzCluster): string =>
  [...namespaces, ...pods, ...policies.map(({ object }) => object)]
    .map((object) => stringify(object, { aliasDuplicateObjects: false }))
    .join('---\n');

const failure = (details: fc.RunDetails<[FuzzCluster, number]>, seed: number): FuzzFailure => {
  const [cluster, packetSeed] = details.counterexample ?? [];
  const reason = details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance);
  return new FuzzFailure(
    [
      `the readings differ: ${reason}`,
      `again: npm run fuzz -- --clusters ${BATCH} --seed ${seed} (packets of seed ${String(packetSeed)})`,
      `the smallest cluster found, after ${details.numShrinks} steps:`,
      cluster === undefined ? '' : manifests(cluster),
    ].join('\n'),
  );
};

/** @returns what was compared. @throws FuzzFailure at the first difference */
export const runFuzz = async (settings: FuzzSettings): Promise<FuzzCounts> => {
  const { clusters, seed, kernelShare, stages, progress } = settings;
  const perCluster = Math.ceil(settings.packets / clusters);
  const counts = { clusters: 0, packets: 0, allowed: 0, faultyPolicies: 0, kernelClusters: 0, kernelPackets: 0 };

  /** Spread evenly; the two backends in turn. */
  const stageFor = (at: number): KernelStage | undefined => {
    const turn = Math.floor(at * kernelShare);
    return turn === Math.floor((at + 1) * kernelShare) ? undefined : stages[turn % stages.length];
  };

  for (let from = 0; from < clusters; from += BATCH) {
    let at = from;
    const property = fc.asyncProperty(arbitraryCluster, fc.noShrink(fc.nat()), async (cluster, packetSeed) => {
      const stage = stageFor(at);
      const judged = await judgeCluster(cluster, packetsFor(cluster, perCluster, packetSeed), stage);
      at += 1;
      counts.clusters += 1;
      counts.packets += judged.packets;
      counts.allowed += judged.allowed;
      counts.faultyPolicies += cluster.policies.filter(({ faulty }) => faulty).length;
      counts.kernelClusters += judged.byKernel > 0 ? 1 : 0;
      counts.kernelPackets += judged.byKernel;
    });
    const batchSeed = seed + from / BATCH;
    const details = await fc.check(property, { seed: batchSeed, numRuns: Math.min(BATCH, clusters - from) });
    if (details.failed) throw failure(details, batchSeed);
    progress(counts);
  }
  return counts;
};
