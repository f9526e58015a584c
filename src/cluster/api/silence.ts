import type { Clock } from '../../model/clock.ts';

/** Nothing came for so long that the connection must be taken for dead (half-open, or a proxy that forgot it). */
export class SilenceError extends Error {
  constructor(ms: number) {
    super(`nothing heard for ${String(ms / 1000)} s; the connection is taken for dead`);
    this.name = 'SilenceError';
  }
}

/**
 * Runs `talk` with a signal that is aborted once `heard` was not called for `ms`, or with the outer signal.
 *
 * @throws SilenceError in the first case, the outer signal's reason in the second; else what `talk` throws.
 */
export const unlessSilent = async <T>(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
  talk: (signal: AbortSignal, heard: () => void) => Promise<T>,
): Promise<T> => {
  const silence = new AbortController();
  const signal = AbortSignal.any([silence.signal, outer]);
  const arm = (): (() => void) =>
    clock.after(ms, () => {
      silence.abort(new SilenceError(ms));
    });
  let cancel = arm();
  try {
    return await talk(signal, () => {
      cancel();
      cancel = arm();
    });
  } catch (error) {
    // Streams wrap the reason in errors of their own.
    signal.throwIfAborted();
    throw error;
  } finally {
    cancel();
  }
};
