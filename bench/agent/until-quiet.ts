import { setTimeout as delay } from 'node:timers/promises';
import { usageOf } from './process-tree.ts';
import type { RunningAgent } from './run-agent.ts';

const POLL_MS = 250;
/** CPU seconds per second below which an agent counts as idle. */
const AT_REST = 0.03;
/** The same for the whole stage, including the API server and these measurements. */
const STAGE_AT_REST = 0.1;
const LONGEST_MS = 120_000;
/** Maximum wait: an agent that never idles is measured all the same. */
const LONGEST_OF_STAGE_MS = 20_000;

/** Waits until `usedSeconds` grows by less than `atRest` in a second. */
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

/** Waits until an agent has used hardly any CPU for a second. */
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
 * Waits until the whole stage is idle: after listing a cluster to an agent, an API server collects garbage for seconds, on
 * the processors that packets need.
 */
export const untilStageQuiet = (): Promise<void> =>
  untilSlow(() => usageOf(process.pid).cpuSeconds, STAGE_AT_REST, LONGEST_OF_STAGE_MS);
