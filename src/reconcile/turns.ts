import type { Clock } from '../model/clock.ts';

/**
 * Schedules namespaces whose changes have taken much of the loop's time: their changes are taken less often, and more
 * at once.
 */
export interface Turns {
  /** Takes the time, in ms, of a pass for changes of these namespaces only. */
  charge(namespaces: ReadonlySet<string>, ms: number): void;
  /** Returns the time in ms until changes of the namespace may be taken. */
  dueIn(namespace: string): number;
  /** Reports whether the namespace has taken little time recently. */
  isLight(namespace: string): boolean;
}

/** Share of the loop's time that a namespace may take permanently. */
const SHARE = 0.5;
/** Time that it may take beyond that at once, so that no usual single change waits. */
const FREE_MS = 100;
/** Maximum time that counts, so that a namespace's changes wait for up to half a second, whatever it did. */
const MOST_MS = FREE_MS + 250;
/** While changes of other namespaces wait, a namespace with less time than this goes first. */
const LIGHT_MS = 25;

interface Debt {
  readonly ms: number;
  /** Clock.now() of the charge. */
  readonly at: number;
}

export const createTurns = (clock: Pick<Clock, 'now'>): Turns => {
  const debts = new Map<string, Debt>();

  const debtOf = (namespace: string): number => {
    const debt = debts.get(namespace);
    return debt === undefined ? 0 : Math.max(0, debt.ms - SHARE * (clock.now() - debt.at));
  };

  return {
    charge(namespaces, ms) {
      if (namespaces.size === 0) return;
      for (const namespace of debts.keys()) if (debtOf(namespace) === 0) debts.delete(namespace);
      for (const namespace of namespaces) {
        debts.set(namespace, { ms: Math.min(MOST_MS, debtOf(namespace) + ms / namespaces.size), at: clock.now() });
      }
    },
    dueIn: (namespace) => Math.max(0, debtOf(namespace) - FREE_MS) / SHARE,
    isLight: (namespace) => debtOf(namespace) <= LIGHT_MS,
  };
};
