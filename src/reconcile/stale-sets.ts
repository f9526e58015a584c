import { EMPTY_PLAN, type Plan } from '../render/plan.ts';

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

const destroyed = (line: string): string => line.slice('destroy '.length);

export const createStaleSets = (): StaleSets => {
  let fresh: readonly string[] = [];
  let due: readonly string[] = [];

  const without = (lines: readonly string[], prepare: string): readonly string[] =>
    lines.filter((line) => !prepare.includes(`create ${destroyed(line)} `));

  return {
    defer({ destroy, ...plan }) {
      const again = [...fresh, ...due].filter((line) => plan.prepare.includes(`create ${destroyed(line)} `));
      fresh = [...without(fresh, plan.prepare), ...destroy];
      due = without(due, plan.prepare);
      // What such a set holds is of no state that counts.
      const flushes = again.map((line) => `flush ${destroyed(line)}\n`).join('');
      return {
        ...plan,
        prepare: `${flushes}${plan.prepare}`,
        destroy: [],
        size: plan.size - destroy.length + again.length,
      };
    },
    takeDue() {
      const now = due;
      due = fresh;
      fresh = [];
      return now.length === 0 ? undefined : { ...EMPTY_PLAN, destroy: now, size: now.length };
    },
    clear() {
      fresh = [];
      due = [];
    },
  };
};
