import type { Clock } from '../../model/clock.ts';

/** The server was silent until the connection had to be taken for dead (half-open, or a proxy that forgot it). */
export class SilenceError extends Error {
  /** @param question what was found out meanwhile, as the end of the sentence */
  constructor(ms: number, question = '') {
    super(`nothing heard for ${String(ms / 1000)} s${question}; the connection is taken for dead`);
    this.name = 'SilenceError';
  }
}

/** Maximum silence, in ms. */
export interface Patience {
  /** Before the first message. */
  readonly first: number;
  /** Between messages. */
  readonly later: number;
}

/**
 * Runs `talk` with a signal that is aborted when `heard` was not called for too long, or by the outer signal.
 *
 * @throws SilenceError in the first case, the outer signal's reason in the second; else the error of `talk`
 */
export const unlessSilent = async <T>(
  clock: Clock,
  { first, later }: Patience,
  outer: AbortSignal,
  talk: (signal: AbortSignal, heard: () => void) => Promise<T>,
): Promise<T> => {
  const silence = new AbortController();
  const signal = AbortSignal.any([silence.signal, outer]);
  let cancel = (): void => undefined;
  let patience = first;
  let since = clock.now();
  // Pieces come by the thousand: each one only stores its time.
  const wait = (ms: number): void => {
    cancel = clock.after(ms, () => {
      const left = since + patience - clock.now();
      if (left > 0) wait(left);
      else silence.abort(new SilenceError(patience));
    });
  };
  wait(first);
  try {
    return await talk(signal, () => {
      since = clock.now();
      if (patience === later) return;
      patience = later;
      cancel();
      wait(later);
    });
  } catch (error) {
    // Streams wrap the reason in errors of their own.
    signal.throwIfAborted();
    throw error;
  } finally {
    cancel();
  }
};
