import type { Clock } from '../model/clock.ts';

/** Whose turn it is among namespaces whose changes have taken much of the loop's time: theirs are taken less often, and more at once. */
export interface Turns {
  /** A pass took so long, ms, for changes of the namespaces alone. */
  charge(namespaces: ReadonlySet<string>, ms: number): void;
  /** So long until changes of the namespace may be taken, ms. */
  dueIn(namespace: string): number;
  /** It has taken little of late. */
  isLight(namespace: string): boolean;
}

/** Of the loop's time a namespace may have for good. */
const SHARE = 0.5;
/** What it may take beyond that at once, ms: no single change of the usual kind waits. */
const FREE_MS = 100;
/** And the most that counts: whatever a namespace did, its changes wait for half a second and no longer. */
const MOST_MS = FREE_MS + 250;
/** Where changes of others wait too, one that has taken less goes first, ms. */
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
