import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { markerSet } from '../../program/names.ts';
import type { CommandRunner } from '../command.ts';

export interface HousekeepingTiming {
  /** How long an agent may take to tidy up: longer than its check interval and a slow kernel, ms. Asked each time. */
  readonly patienceMs: () => number | Promise<number>;
  /** How often to look meanwhile, ms. */
  readonly lookMs: number;
  /** For so long an agent that was seen to work is not put to the test again, ms. */
  readonly trustMs: number;
}

const TIMING: Omit<HousekeepingTiming, 'patienceMs'> = { lookMs: 250, trustMs: 60_000 };

/** Waits, or not, once the signal is aborted. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);

/**
 * Whether an agent works on this node: a set that bears our prefix and that nothing asks for is removed by any agent at
 * its next full check, and by nobody who lacks the right to do an agent's work. The answer takes its time.
 */
export const createHousekeepingCheck = (
  runner: CommandRunner,
  timing: Partial<HousekeepingTiming> & Pick<HousekeepingTiming, 'patienceMs'>,
): ((signal: AbortSignal) => Promise<boolean>) => {
  const { patienceMs, lookMs, trustMs } = { ...TIMING, ...timing };
  const marker = markerSet(randomUUID());

  const isRemoved = async (signal: AbortSignal): Promise<boolean> => {
    const most = await patienceMs();
    await runner.run('ipset', ['-exist', 'create', marker, 'hash:ip']);
    for (let waited = 0; waited < most && !signal.aborted; waited += lookMs) {
      await pause(lookMs, signal);
      if (!(await runner.run('ipset', ['list', '-name'])).split('\n').includes(marker)) return true;
    }
    await runner.run('ipset', ['-exist', 'destroy', marker]);
    return signal.aborted;
  };

  return async (signal) => {
    // Where not even this can be done, neither can anything else: nothing is won by going ahead.
    const works = await isRemoved(signal).catch(() => true);
    if (works) await pause(trustMs, signal);
    return works;
  };
};
