import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 100;

/**
 * Calls `ask` until it returns true; an error counts as false.
 *
 * @throws Error after `deadlineMs`, with `what` and the last reason
 */
export const until = async (what: string, deadlineMs: number, ask: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + deadlineMs;
  let reason: unknown;
  for (;;) {
    try {
      if (await ask()) return;
      reason = undefined;
    } catch (error) {
      reason = error;
    }
    if (performance.now() > deadline)
      throw new Error(`waited ${String(deadlineMs / 1000)} s in vain: ${what}`, { cause: reason });
    await delay(POLL_MS);
  }
};
