import type { IpFamily } from '../model/family.ts';
import type { NodeProgram } from '../program/node-program.ts';

/** Looks for changes that others make to what is ours in the kernel, at a fraction of what reading all of it costs. */
export interface Lookout {
  /**
   * Whether the kernel may hold something else than the program, which was put there before. `true` asks for the full
   * comparison; a look that fails says so too.
   * @param of these families, all if absent
   */
  suspects(program: NodeProgram, of?: readonly IpFamily[]): Promise<boolean>;
}
