import type { IpFamily } from '../model/family.ts';
import type { Observed } from '../render/observed.ts';
import type { Plan } from '../render/plan.ts';

/** A part of the packet filter to read. */
export interface Scope {
  /** The filter tables of these families, with their sets. */
  readonly families: readonly IpFamily[];
  /** The raw tables of these families. */
  readonly raw: readonly IpFamily[];
}

/** The node's packet filter, as the loop uses it. */
export interface Kernel {
  /** The families that the node has. */
  readonly families: readonly IpFamily[];
  /**
   * Reads our part of the packet filter, of all families by default. @throws if any of it cannot be read; then nothing is
   * assumed
   */
  observe(scope?: Scope): Promise<Observed>;
  /**
   * Applies the plan's steps in order, up to the first that fails. Failing to destroy a set is no failure: it is still
   * in use, and the next full check tries again.
   * @throws with the applied steps left in place
   */
  apply(plan: Plan): Promise<void>;
}
