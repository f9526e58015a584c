import type { IpFamily } from '../model/family.ts';
import type { Observed } from '../render/observed.ts';
import type { Plan } from '../render/plan.ts';

/** What of the packet filter is asked about. */
export interface Scope {
  /** The filter tables of these families, with their sets. */
  readonly families: readonly IpFamily[];
  /** And the raw tables of these. */
  readonly raw: readonly IpFamily[];
}

/** The node's packet filter, as the loop needs it. */
export interface Kernel {
  /** The families that the node has. */
  readonly families: readonly IpFamily[];
  /**
   * Reads back what is there of ours, of all families where none are named. @throws if some of it cannot be read; nothing is
   * assumed then.
   */
  observe(scope?: Scope): Promise<Observed>;
  /**
   * Takes the steps of the plan in order and stops at the first that fails. Failing to destroy a set is not a failure:
   * something still uses it, and the next full check tries again.
   * @throws with what was applied so far left in place.
   */
  apply(plan: Plan): Promise<void>;
}
