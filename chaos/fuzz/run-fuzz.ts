import fc from 'fast-check';
import { stringify } from 'yaml';
import type { FuzzCluster } from './fuzz-cluster.ts';
import { arbitraryCluster } from './generate/cluster.ts';
import { packetsFor } from './generate/packets.ts';
import { judgeCluster } from './judge.ts';
import type { KernelStage } from './kernel-stage.ts';
import { walkBetween } from './walk.ts';

export interface FuzzSettings {
  readonly clusters: number;
  /** Packets, summed over all clusters. */
  readonly packets: number;
  readonly seed: number;
  /** The share of clusters (0 to 1) whose packets are all sent through the real kernel as well. */
  readonly kernelShare: number;
  /** Number of pairs of clusters between which a node is changed step by step. */
  readonly walks: number;
  /** Used in turn; empty if the kernel is not used. */
  readonly stages: readonly KernelStage[];
  /** Called from time to time with the counts so far. */
  readonly progress: (done: FuzzCounts) => void;
}

export interface FuzzCounts {
  readonly clusters: number;
  readonly packets: number;
  readonly allowed: number;
  readonly faultyPolicies: number;
  readonly kernelClusters: number;
  readonly kernelPackets: number;
  readonly walks: number;
  /** Cluster states, summed over all walks. */
  readonly walkStates: number;
  /** Kernel states, summed over all walks: one after each line of each plan. */
  readonly walkKernelStates: number;
}

/** A cluster on which the evaluations differ, made as small as possible; the message is a reproducer. */
export class FuzzFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FuzzFailure';
  }
}

/** fast-check starts each batch with a seed of its own, so that a failure is found again without the former batches. */
const BATCH = 100;

const manifests = ({ namespaces, pods, policies }: FuzzCluster): string =>
  [...namespaces, ...pods, ...policies.map(({ object }) => object)]
    .map((object) => stringify(object, { aliasDuplicateObjects: false }))
    .join('---\n');

/** The parts of fast-check's RunDetails that every property has. */
interface Failed {
  readonly counterexample: readonly unknown[] | null;
  readonly errorInstance: unknown;
  readonly numShrinks: number;
}

const failure = (details: Failed, seed: number): FuzzFailure => {
  const counterexample = details.counterexample ?? [];
  const clusters = counterexample.filter((each) => typeof each === 'object') as readonly FuzzCluster[];
  const numbers = counterexample.filter((each) => typeof each === 'number');
  const reason = details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance);
  return new FuzzFailure(
    [
      `the readings differ: ${reason}`,
      `again: npm run fuzz -- --clusters ${BATCH} --seed ${seed} (packets of seed ${numbers.join(' ')})`,
      `the smallest found, after ${details.numShrinks} steps:`,
      ...clusters.map(manifests),
    ].join('\n'),
  );
};

/** @returns the numbers of comparisons. @throws FuzzFailure at the first difference */
export const runFuzz = async (settings: FuzzSettings): Promise<FuzzCounts> => {
  const { clusters, seed, kernelShare, stages, progress } = settings;
  const perCluster = Math.ceil(settings.packets / clusters);
  const counts = {
    ...{ clusters: 0, packets: 0, allowed: 0, faultyPolicies: 0, kernelClusters: 0, kernelPackets: 0 },
    ...{ walks: 0, walkStates: 0, walkKernelStates: 0 },
  };

  /** Spreads the use of the kernel evenly over the clusters; uses the two backends in turn. */
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

  for (let from = 0; from < settings.walks; from += BATCH) {
    const seeds = fc.noShrink(fc.nat());
    const property = fc.asyncProperty(arbitraryCluster, arbitraryCluster, seeds, async (one, other, walkSeed) => {
      const walked = await walkBetween(one, other, walkSeed);
      counts.walks += 1;
      counts.walkStates += walked.states;
      counts.walkKernelStates += walked.kernelStates;
    });
    const batchSeed = seed + from / BATCH;
    const details = await fc.check(property, { seed: batchSeed, numRuns: Math.min(BATCH, settings.walks - from) });
    if (details.failed) throw failure(details, batchSeed);
    progress(counts);
  }
  return counts;
};
