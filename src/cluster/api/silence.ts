import type { Clock } from '../../model/clock.ts';

/** Nothing came for so long that the connection must be taken for dead (half-open, or a proxy that forgot it). */
export class SilenceError extends Error {
  constructor(ms: number) {
    super(`nothing heard for ${String(ms / 1000)} s; the connection is taken for dead`);
    this.name = 'SilenceError';
  }
}

/** How long nothing may be heard, ms. */
export interface Patience {
  /** Before the first word. */
  readonly first: number;
  /** After each one. */
  readonly later: number;
}

/**
 * Runs `talk` with a signal that is aborted once `heard` was not called for too long, or with the outer signal.
 *
 * @throws SilenceError in the first case, the outer signal's reason in the second; else what `talk` throws.
 */
export const unlessSilent = async <T>(
  clock: Clock,
  { first, later }: Patience,
  outer: AbortSignal,
  talk: (signal: AbortSignal, heard: () => void) => Promise<T>,
): Promise<T> => {
  const silence = new AbortController();
  const signal = AbortSignal.any([silence.signal, outer]);
  const arm = (ms: number): (() => void) =>
    clock.after(ms, () => {
      silence.abort(new SilenceError(ms));
    });
  let cancel = arm(first);
  try {
    return await talk(signal, () => {
      cancel();
      cancel = arm(later);
    });
  } catch (error) {
    // Streams wrap the reason in errors of their own.
    signal.throwIfAborted();
    throw error;
  } finally {
    cancel();
  }
};
