import { setTimeout as delay } from 'node:timers/promises';
import type { RunningAgent } from './run-agent.ts';

const POLL_MS = 250;
/** Less than this in a second is what an agent does at rest, s. */
const AT_REST = 0.03;
const LONGEST_MS = 120_000;

/** Waits until an agent has done what it had to and used hardly any CPU for a second. */
export const untilQuiet = async (agent: RunningAgent): Promise<void> => {
  const deadline = performance.now() + LONGEST_MS;
  const seen: number[] = [];
  while (performance.now() < deadline) {
    agent.assertAlive();
    seen.push(agent.usage().cpuSeconds);
    const secondAgo = seen.at(-1 - 1000 / POLL_MS);
    if (secondAgo !== undefined && (seen.at(-1) ?? 0) - secondAgo < AT_REST) return;
    await delay(POLL_MS);
  }
};
