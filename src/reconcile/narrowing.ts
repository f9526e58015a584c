import type { Clock } from '../model/clock.ts';
import type { IpFamily } from '../model/family.ts';
import type { Kernel } from './kernel.ts';
import type { NodeCompiler } from './node-compiler.ts';
import { findRefused, isRefusal, isTimeout } from './refused.ts';

/** A change that the kernel rejects this many times is not tried as a whole again: the first time may have been chance. */
const REFUSALS = 2;
/** A closed isolation is tried again after this wait, which doubles with each further rejection. */
const FIRST_REOPEN_MS = 30_000;
const LONGEST_REOPEN_MS = 600_000;

/** Keeps rejected rules from delaying everything else: the pods concerned are closed, the others go on. */
export interface Narrowing {
  /** Opens isolations that were closed long enough ago; called before a compilation. @returns whether there were any */
  before(compiler: NodeCompiler): boolean;
  /** Takes the fact that the kernel has the compiled rule set. */
  succeeded(): void;
  /**
   * Closes the isolations to blame, if there are any, after the kernel rejected a change or another failure. Portions
   * of large isolations went by themselves, so that no trial is needed to blame them. Never rejects.
   * @param families the families that failed, all if absent
   * @returns whether something was closed, so that another compilation is due
   */
  failed(error: unknown, compiler: NodeCompiler, families?: readonly IpFamily[]): Promise<boolean>;
}

export const createNarrowing = (kernel: Kernel, clock: Clock): Narrowing => {
  let refusals = 0;
  let pause = FIRST_REOPEN_MS;
  /** Time of the next try; undefined while nothing is closed. */
  let reopenAt: number | undefined;

  const putOff = (): void => {
    reopenAt = clock.now() + pause;
    pause = Math.min(LONGEST_REOPEN_MS, 2 * pause);
    refusals = 0;
  };

  const close = async (compiler: NodeCompiler, families: readonly IpFamily[]): Promise<boolean> => {
    const isAll = families.length === kernel.families.length;
    const observed = await kernel.observe(isAll ? undefined : { families, raw: [] });
    const refused = await findRefused({ ...kernel, families }, observed, compiler.program());
    if (refused.ipv4.size + refused.ipv6.size === 0) return false;
    compiler.close(refused);
    putOff();
    return true;
  };

  const closeGrown = (compiler: NodeCompiler, reason: string): boolean => {
    const grown = compiler.grown();
    const reasons = (family: IpFamily) => new Map(grown[family].map((name) => [name, reason] as const));
    if (grown.ipv4.length + grown.ipv6.length === 0) return false;
    compiler.close({ ipv4: reasons('ipv4'), ipv6: reasons('ipv6') });
    putOff();
    return true;
  };

  return {
    before(compiler) {
      if (reopenAt === undefined || clock.now() < reopenAt) return false;
      reopenAt = undefined;
      compiler.open();
      // The rejection is known, so one more is enough.
      refusals = REFUSALS - 1;
      return true;
    },
    succeeded() {
      refusals = 0;
      if (reopenAt === undefined) pause = FIRST_REOPEN_MS;
    },
    async failed(error, compiler, families = kernel.families) {
      if ((isRefusal(error) || isTimeout(error)) && closeGrown(compiler, error.message)) return true;
      if (!isRefusal(error)) return false;
      refusals += 1;
      // Such a failure concerns everything, and is tried again as a whole.
      return refusals >= REFUSALS && (await close(compiler, families).catch(() => false));
    },
  };
};
