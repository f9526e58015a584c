import { EMPTY_PLAN, type Plan } from '../render/plan.ts';
import { destroyedSet, destroyLine, emptyFirst } from '../render/stale-set.ts';

/**
 * Stale sets, which cost only memory, and so can wait: nft uses a set for some milliseconds after its rules are gone,
 * and trying in vain costs more than the change itself.
 */
export interface StaleSets {
  /** Returns the plan without the steps that can wait. */
  defer(plan: Plan): Plan;
  /** Returns a plan that destroys the sets that have waited since the last call, if there are any. */
  takeDue(): Plan | undefined;
  /** Takes the fact that a plan which destroys all stale sets is being applied. */
  clear(): void;
}

export const createStaleSets = (): StaleSets => {
  /** Names of new stale sets. */
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
