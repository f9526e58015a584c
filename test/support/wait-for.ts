import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 15;

/**
 * Asks again and again until the answer is not undefined.
 * @throws Error that says what was waited for and, by `describe`, what was seen last.
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
