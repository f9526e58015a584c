import type { Clock } from '../../model/clock.ts';

/** Waits `ms`, or until the signal is aborted, whichever comes first. */
export const wait = async (clock: Clock, ms: number, signal: AbortSignal): Promise<void> => {
  if (signal.aborted || ms <= 0) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done);
  });
};
