import { setTimeout as delay } from 'node:timers/promises';
import type { RunningAgent } from '../agent/run-agent.ts';
import type { Windows } from './row.ts';

/** How long after its last work an agent counts as idle. */
const REST_MS = 30_000;

const measureWindow = async (agent: RunningAgent, seconds: number): Promise<number> => {
  const before = agent.usage().cpuSeconds;
  const startedAt = performance.now();
  await delay(seconds * 1000);
  agent.assertAlive();
  return ((agent.usage().cpuSeconds - before) / ((performance.now() - startedAt) / 1000)) * 100;
};

/** @returns the share of one core that the agent and its children use while nothing changes, in percent, in each window */
export const measureIdle = async (agent: RunningAgent, { seconds, windows }: Windows): Promise<readonly number[]> => {
  await delay(REST_MS);
  const shares: number[] = [];
  while (shares.length < windows) shares.push(await measureWindow(agent, seconds));
  return shares;
};
