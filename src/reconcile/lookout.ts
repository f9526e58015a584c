import type { IpFamily } from '../model/family.ts';
import type { NodeProgram } from '../program/node-program.ts';

/** Detects drift at a fraction of the cost of reading everything. */
export interface Lookout {
  /**
   * Reports whether the kernel may differ from the applied rule set. `true` leads to a full comparison; so does a check
   * that fails.
   * @param of the families to check, all if absent
   */
  suspects(program: NodeProgram, of?: readonly IpFamily[]): Promise<boolean>;
}
