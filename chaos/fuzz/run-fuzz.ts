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
  /** Over all clusters. */
  readonly packets: number;
  readonly seed: number;
  /** Of so many clusters, from 0 to 1, every packet is sent through the real kernel as well. */
  readonly kernelShare: number;
  /** How many pairs of clusters a node's increments are led between. */
  readonly walks: number;
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
  readonly walks: number;
  /** Of the cluster, on all walks. */
  readonly walkStates: number;
  /** Of the kernel, on all walks: after each line of each plan. */
  readonly walkKernelStates: number;
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

/** What is needed of fast-check's RunDetails, whatever the property was about. */
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

/** @returns what was compared. @throws FuzzFailure at the first difference */
export const runFuzz = async (settings: FuzzSettings): Promise<FuzzCounts> => {
  const { clusters, seed, kernelShare, stages, progress } = settings;
  const perCluster = Math.ceil(settings.packets / clusters);
  const counts = {
    ...{ clusters: 0, packets: 0, allowed: 0, faultyPolicies: 0, kernelClusters: 0, kernelPackets: 0 },
    ...{ walks: 0, walkStates: 0, walkKernelStates: 0 },
  };

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
