import { setTimeout as delay } from 'node:timers/promises';
import type { Daemon } from '../../src/lab/apiserver/daemon.ts';

/** Wait between an end and the next start, like systemd's. */
const PAUSE_MS = 1_000;

/**
 * Starts a daemon again whenever it ends; returns only when `start` throws.
 *
 * @param say takes a line about each end
 * @param first a daemon that runs already
 */
export const keepRunning = async (
  start: () => Daemon,
  say: (line: string) => void,
  first: Daemon = start(),
): Promise<never> => {
  for (let daemon = first; ; daemon = start()) {
    say(`${await daemon.ended}; it starts again`);
    await delay(PAUSE_MS);
  }
};
