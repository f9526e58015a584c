import { writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { wholeNumber } from '../options.ts';
import { openStage, type Stage } from '../stage/stage.ts';
import { hasFailed, reportText, resultOf } from './report.ts';
import { runSeed } from './run-seed.ts';
import { createTally, type Tally } from './tally.ts';
import { messageOf } from '../../src/model/message-of.ts';

interface Options {
  readonly steps: number;
  readonly seeds: readonly number[];
  readonly backend: 'nft' | 'legacy';
  readonly flows: number;
  readonly foreign: number;
  readonly minutes?: number;
  readonly json?: string;
}

const DEFAULT_SEEDS = [1, 2, 3, 4];
const PULSE_US = 2_000;
const FLOWS = 20;
const FOREIGN_PERCENT = 10;

/** Parses `20` as the seeds 1 to 20, `3,7` as these two. */
const seedList = (text: string): readonly number[] =>
  text.includes(',')
    ? text.split(',').map(wholeNumber)
    : Array.from({ length: wholeNumber(text) }, (_, at) => at + 1);

const writeResult = (file: string, backend: Options['backend'], tally: Tally): Promise<void> => {
  const result = { backend, ...resultOf(tally), findings: tally.findings };
  return writeFile(file, `${JSON.stringify(result, undefined, 2)}\n`);
};

const runSeeds = async (stage: Stage, options: Options, tally: Tally, ending: AbortSignal): Promise<void> => {
  const { steps, seeds, flows, foreign, minutes } = options;
  const endsAt = minutes === undefined ? Number.POSITIVE_INFINITY : performance.now() + minutes * 60_000;
  const perSeed = Math.ceil(steps / seeds.length);
  for (const seed of seeds) {
    if (performance.now() > endsAt) return;
    const startedAt = performance.now();
    try {
      await runSeed(stage, { seed, steps: perSeed, flows, foreign: foreign / 100, intervalUs: PULSE_US, endsAt }, tally);
    } catch (error) {
      // The stage is being closed while the run still uses it.
      if (ending.aborted) return;
      const what = messageOf(error);
      tally.findings.push({ kind: 'not settled', seed, step: tally.steps, doing: '', what });
      break;
    } finally {
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      if (options.json !== undefined) await writeResult(options.json, options.backend, tally);
      console.error(`chaos: seed ${seed}, ${tally.steps} steps in all, ${tally.findings.length} findings, ${seconds} s`);
    }
  }
};

const chaos = async (options: Options, onEnd: OnEnd): Promise<void> => {
  const stage = await openStage(options.backend);
  const tally = createTally();
  const ending = new AbortController();
  const report = (): void => {
    console.log(`chaos on iptables-${options.backend}, IPv4 and IPv6, seeds ${options.seeds.join(' ')}`);
    console.log(reportText(tally));
  };
  onEnd(() => {
    ending.abort();
    report();
    return stage.close();
  });
  try {
    await runSeeds(stage, options, tally, ending.signal);
    if (ending.signal.aborted) return;
    report();
    if (hasFailed(tally)) process.exitCode = 1;
  } finally {
    if (!ending.signal.aborted) await stage.close();
  }
};

/** Takes a function to call once before a signal ends the process. */
type OnEnd = (before: () => Promise<unknown>) => void;

/** Returns the command `npm run chaos`, to be parsed inside a sandbox. */
export const chaosCommand = (onEnd: OnEnd): Command =>
  new Command('chaos')
    .description(
      'Random changes of a cluster, faults and tampering, while packets are sent every 2 ms that are denied or allowed ' +
        'before, during and after; after each step the kernel must say what the naive reading of the API says.',
    )
    .option('--steps <count>', 'how many steps, over all seeds', wholeNumber, 400)
    .option('--seeds <count|list>', 'seeds 1 to COUNT, or those of a list such as 3,7', seedList, DEFAULT_SEEDS)
    .option('--backend <nft|legacy>', 'which iptables', 'nft')
    .option('--flows <count>', 'how many flows are sent all the time, half of each family', wholeNumber, FLOWS)
    .option('--foreign <percent>', 'percentage of steps in which other programs add or remove something: rules, sets, tables', wholeNumber, FOREIGN_PERCENT)
    .option('--minutes <count>', 'no step begins later', wholeNumber)
    .option('--json <file>', 'write the result there as well, after each seed')
    .action((options: Options) => chaos(options, onEnd));
