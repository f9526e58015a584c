import { setTimeout as delay } from 'node:timers/promises';
import type { Daemon } from '../../../src/lab/apiserver/daemon.ts';

/** Between an end and the next start, as systemd would wait. */
const PAUSE_MS = 1_000;

/** Starts a daemon again whenever it ends; returns only when `start` throws. @param say is told of each end */
export const keepRunning = async (start: () => Daemon, say: (line: string) => void): Promise<never> => {
  for (;;) {
    say(await start().ended);
    await delay(PAUSE_MS);
  }
};
