import { setTimeout as delay } from 'node:timers/promises';
import { usageOf } from './process-tree.ts';
import type { RunningAgent } from './run-agent.ts';

const POLL_MS = 250;
/** Less than this in a second is what an agent does at rest, s. */
const AT_REST = 0.03;
/** And what all of the stage does, the API server and these looks included, s. */
const STAGE_AT_REST = 0.1;
const LONGEST_MS = 120_000;
/** An agent that never rests is measured all the same. */
const LONGEST_OF_STAGE_MS = 20_000;

/** Waits until what `usedSeconds` tells grew by less than so much in a second. */
const untilSlow = async (usedSeconds: () => number, atRest: number, longestMs: number): Promise<void> => {
  const deadline = performance.now() + longestMs;
  const seen: number[] = [];
  while (performance.now() < deadline) {
    seen.push(usedSeconds());
    const secondAgo = seen.at(-1 - 1000 / POLL_MS);
    if (secondAgo !== undefined && (seen.at(-1) ?? 0) - secondAgo < atRest) return;
    await delay(POLL_MS);
  }
};

/** Waits until an agent has done what it had to and used hardly any CPU for a second. */
export const untilQuiet = (agent: RunningAgent): Promise<void> =>
  untilSlow(
    () => {
      agent.assertAlive();
      return agent.usage().cpuSeconds;
    },
    AT_REST,
    LONGEST_MS,
  );

/**
 * Waits until nothing of the stage is busy any more: an API server that just listed a cluster to an agent collects its
 * garbage for seconds, on the processors that packets need.
 */
export const untilStageQuiet = (): Promise<void> =>
  untilSlow(() => usageOf(process.pid).cpuSeconds, STAGE_AT_REST, LONGEST_OF_STAGE_MS);
