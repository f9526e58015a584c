import { messageOf } from '../../model/message-of.ts';

/** The answer of one of many, or why there is none. */
export type Answered<T, R> = { readonly of: T; readonly value: R } | { readonly of: T; readonly error: string };

export interface FanOutOptions<T, R> {
  /** Maximum number at a time. */
  readonly atOnce: number;
  /** Maximum time of each, in ms. */
  readonly deadlineMs: number;
  /** Asks one. The signal is aborted at its deadline. */
  readonly ask: (one: T, signal: AbortSignal) => Promise<R>;
  /** Called after each answer with how many there are. */
  readonly onAnswer?: (answered: number) => void;
}

const askOne = async <T, R>(one: T, { ask, deadlineMs }: FanOutOptions<T, R>): Promise<Answered<T, R>> => {
  const late = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.abort();
    reject(new Error('no answer in time'));
  }, deadlineMs);
  try {
    return { of: one, value: await Promise.race([ask(one, late.signal), promise]) };
  } catch (error) {
    return { of: one, error: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
};

/** Asks many, some at a time, each with a deadline of its own. Returns what became of each, in their order. Never rejects. */
export const fanOut = async <T, R>(
  all: readonly T[],
  options: FanOutOptions<T, R>,
): Promise<readonly Answered<T, R>[]> => {
  const answers: Answered<T, R>[] = [];
  let next = 0;
  let answered = 0;
  const work = async (): Promise<void> => {
    while (next < all.length) {
      const at = next;
      next += 1;
      const one = all[at] as T;
      answers[at] = await askOne(one, options);
      answered += 1;
      options.onAnswer?.(answered);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.atOnce, all.length) }, work));
  return answers;
};
