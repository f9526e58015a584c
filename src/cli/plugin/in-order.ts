import { byText } from '../../policy/text-order.ts';

/** Puts what comes from several streams in order of time, as far as it comes within a short time. */
export interface InOrder<T> {
  take(item: T): void;
  /** Hands on what waits. */
  end(): void;
}

/** Nodes' clocks and streams differ by less, mostly. */
const WAIT_MS = 300;

/** @param emit called in order of `at` (ISO 8601) */
export const createInOrder = <T extends { readonly at: string }>(
  emit: (item: T) => void,
  waitMs = WAIT_MS,
): InOrder<T> => {
  let waiting: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    timer = undefined;
    const ready = waiting.sort((a, b) => byText(a.at, b.at));
    waiting = [];
    for (const item of ready) emit(item);
  };
  return {
    take(item) {
      waiting.push(item);
      timer ??= setTimeout(flush, waitMs);
    },
    end() {
      clearTimeout(timer);
      flush();
    },
  };
};
