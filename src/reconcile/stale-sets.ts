import { EMPTY_PLAN, type Plan } from '../render/plan.ts';
import { destroyedSet, destroyLine, emptyFirst } from '../render/stale-set.ts';

/**
 * Sets that no rule names any more. They cost memory and nothing else, so they wait: nft goes on using a set for some
 * milliseconds after its rules are gone, and to try in vain costs more than the change itself.
 */
export interface StaleSets {
  /** The plan without what can wait. */
  defer(plan: Plan): Plan;
  /** Destroys those that have waited since it was asked last, if there are any. */
  takeDue(): Plan | undefined;
  /** A plan that destroys whatever is stale is being applied. */
  clear(): void;
}

export const createStaleSets = (): StaleSets => {
  /** Names. */
  let fresh: readonly string[] = [];
  let due: readonly string[] = [];

  return {
    defer({ destroy, ...plan }) {
      const { lines, again } = emptyFirst(plan.prepare, [...fresh, ...due]);
      const isStale = (name: string): boolean => !again.includes(name);
      fresh = [...fresh.filter(isStale), ...destroy.map(destroyedSet)];
      due = due.filter(isStale);
      return { ...plan, prepare: lines, destroy: [], size: plan.size - destroy.length + again.length };
    },
    takeDue() {
      const now = due;
      due = fresh;
      fresh = [];
      return now.length === 0 ? undefined : { ...EMPTY_PLAN, destroy: now.map(destroyLine), size: now.length };
    },
    clear() {
      fresh = [];
      due = [];
    },
  };
};
