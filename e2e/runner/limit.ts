import { setTimeout as delay } from 'node:timers/promises';
import { interruptible } from '../cluster/interrupt.ts';
import { messageOf } from '../../src/model/message-of.ts';

/** Maximum time of the clean-up after work was abandoned. */
const CLEAN_UP_MS = 90_000;

const minutes = (ms: number): string => `${Number((ms / 60_000).toFixed(1))} min`;

/** The work was not done in time, or a signal interrupted it. Work that continues ends with this program. */
export class GivenUpError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'GivenUpError';
  }
}

/**
 * Does work for up to `limitMs`, or until SIGINT, SIGTERM or SIGHUP; then calls `cleanUp`, which may take up to 90 s.
 *
 * @throws GivenUpError in that case; else the error of `work`
 */
export const withinLimit = async <T>(
  limitMs: number,
  work: () => Promise<T>,
  cleanUp: () => Promise<unknown>,
): Promise<T> => {
  let failure: { readonly error: unknown } | undefined;
  const done = work().catch((error: unknown) => {
    failure = { error };
    throw error;
  });
  const timer = new AbortController();
  const limit = delay(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`not done within ${minutes(limitMs)}`);
  });
  try {
    return await interruptible(() => Promise.race([done, limit]));
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    done.catch(() => undefined);
    const late = delay(CLEAN_UP_MS, 'the clean-up was not done either', { ref: false });
    const told = await Promise.race([cleanUp().then(() => '', String), late]);
    throw new GivenUpError([messageOf(error), told].filter(Boolean).join('; '));
  } finally {
    limit.catch(() => undefined);
    timer.abort();
  }
};
