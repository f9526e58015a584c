import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { markerSet } from '../../program/names.ts';
import type { CommandRunner } from '../command.ts';

export interface HousekeepingTiming {
  /**
   * Returns the maximum time for the removal: longer than an agent's check interval and a slow kernel. Called for each
   * test.
   */
  readonly patienceMs: () => number | Promise<number>;
  /** Interval of checks meanwhile. */
  readonly lookMs: number;
  /** An agent that was found to work is not tested again for this time. */
  readonly trustMs: number;
}

const TIMING: Omit<HousekeepingTiming, 'patienceMs'> = { lookMs: 250, trustMs: 60_000 };

/** Waits until the time is over or the signal is aborted. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);

/**
 * Tests whether an agent works on this node: every agent removes an unwanted set with our prefix at its next full
 * check, and no process without the right to do an agent's work can. The test takes a while.
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
    // If even this fails, everything else would: going ahead has no benefit.
    const works = await isRemoved(signal).catch(() => true);
    if (works) await pause(trustMs, signal);
    return works;
  };
};
