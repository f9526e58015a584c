import { Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../options.ts';
import { type KernelStage, openKernelStage } from './kernel-stage.ts';
import { type FuzzCounts, runFuzz } from './run-fuzz.ts';

interface Options {
  readonly clusters: number;
  readonly packets?: number;
  readonly seed: number;
  readonly kernelShare: number;
  readonly walks?: number;
  readonly backend: 'nft' | 'legacy' | 'both';
}

const PACKETS_PER_CLUSTER = 100;
const CLUSTERS_PER_WALK = 20;

const share = (text: string): number => {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError('it must be from 0 to 1');
  return value;
};

const backend = (text: string): Options['backend'] => {
  if (text !== 'nft' && text !== 'legacy' && text !== 'both') {
    throw new InvalidArgumentError('it must be nft, legacy or both');
  }
  return text;
};

const BACKENDS = { nft: ['nft'], legacy: ['legacy'], both: ['nft', 'legacy'] } as const;

const table = (counts: FuzzCounts, seconds: number): string =>
  [
    ['clusters', counts.clusters],
    ['policies that cannot be read', counts.faultyPolicies],
    ['packets, naive = evaluator = rendered rules', counts.packets],
    ['of these allowed', counts.allowed],
    ['clusters on the kernel', counts.kernelClusters],
    ['packets on the kernel', counts.kernelPackets],
    ['walks from one cluster to another', counts.walks],
    ['increments = compile from scratch', counts.walkStates],
    ['states of the kernel on these ways', counts.walkKernelStates],
    ['differences and leaks', 0],
    ['seconds', Math.round(seconds)],
  ]
    .map(([name, value]) => `${String(name).padEnd(46)}${String(value).padStart(10)}`)
    .join('\n');

const fuzz = async (options: Options): Promise<void> => {
  const startedAt = performance.now();
  const stages: KernelStage[] = [];
  let told = startedAt;
  try {
    if (options.kernelShare > 0) {
      for (const each of BACKENDS[options.backend]) stages.push(await openKernelStage(each));
    }
    const counts = await runFuzz({
      ...options,
      walks: options.walks ?? Math.ceil(options.clusters / CLUSTERS_PER_WALK),
      packets: options.packets ?? options.clusters * PACKETS_PER_CLUSTER,
      stages,
      progress: (done) => {
        if (performance.now() - told < 10_000) return;
        told = performance.now();
        console.error(`fuzz: ${done.clusters} clusters, ${done.packets} packets, ${done.walks} walks`);
      },
    });
    console.log(`fuzz: seed ${options.seed}\n${table(counts, (performance.now() - startedAt) / 1000)}`);
  } finally {
    for (const stage of stages) await stage.close();
  }
};

/** Returns the command `npm run fuzz`, to be parsed inside a sandbox. */
export const fuzzCommand = (): Command =>
  new Command('fuzz')
    .description(
      'Generated packets over generated clusters: the naive reading of the API, the product’s evaluator and the rendered ' +
        'rules must agree on every one, and on a share of the clusters the real kernel as well. Stops at the first ' +
        'difference and prints the smallest cluster that shows it.',
    )
    .option('--clusters <count>', 'how many clusters', wholeNumber, 1_000)
    .option('--packets <count>', `how many packets in all (default: ${PACKETS_PER_CLUSTER} for each cluster)`, wholeNumber)
    .option('--seed <number>', 'the same seed gives the same clusters and packets', wholeNumber, 1)
    .option('--kernel-share <share>', 'share of clusters (0 to 1) whose packets are also sent through the kernel', share, 0.01)
    .option(
      '--walks <count>',
      `number of walks from one cluster to another by increments (default: one for ${CLUSTERS_PER_WALK} clusters)`,
      wholeNumber,
    )
    .option('--backend <backend>', 'nft, legacy or both in turn', backend, 'both')
    .action(fuzz);
