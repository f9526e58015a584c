import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 15;

/**
 * Calls `ask` repeatedly until its result is not undefined.
 * @throws Error with what was waited for and, by `describe`, the last state
 */
export const waitFor = async <T>(
  what: string,
  deadlineMs: number,
  ask: () => Promise<T | undefined>,
  describe: () => string = () => '',
): Promise<T> => {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs} ms for ${what}: ${describe()}`);
    await delay(POLL_MS);
  }
};
