import type { Clock } from '../model/clock.ts';
import type { IpFamily } from '../model/family.ts';
import type { Kernel } from './kernel.ts';
import type { NodeCompiler } from './node-compiler.ts';
import { findRefused, isRefusal, isTimeout } from './refused.ts';

/** A change that the kernel refuses so often is not tried as a whole again: the first time may have been chance. */
const REFUSALS = 2;
/** What is closed is tried again after so long, and after twice as long each time it is refused again, ms. */
const FIRST_REOPEN_MS = 30_000;
const LONGEST_REOPEN_MS = 600_000;

/** Keeps what the kernel refuses from holding up everything else: the pods concerned are closed, the others go on. */
export interface Narrowing {
  /** To be called before a compilation: opens what was closed long enough ago to be tried again. @returns if there was any */
  before(compiler: NodeCompiler): boolean;
  /** The kernel holds what was compiled. */
  succeeded(): void;
  /**
   * The kernel refused, or something else went wrong: closes the isolations to blame, if there are any. What was brought for
   * large isolations went by itself, so that nothing has to be tried to know that it is to blame. Never rejects.
   * @param families that it happened in, all if absent
   * @returns whether something was closed: another compilation is due
   */
  failed(error: unknown, compiler: NodeCompiler, families?: readonly IpFamily[]): Promise<boolean>;
}

export const createNarrowing = (kernel: Kernel, clock: Clock): Narrowing => {
  let refusals = 0;
  let pause = FIRST_REOPEN_MS;
  /** When to try again; undefined while nothing is closed. */
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
      // That it was refused is known: once more is enough.
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
      // What goes wrong here goes wrong for everything, and is tried again as a whole.
      return refusals >= REFUSALS && (await close(compiler, families).catch(() => false));
    },
  };
};
