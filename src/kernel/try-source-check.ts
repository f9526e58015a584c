import type { ChainName } from '../program/names.ts';
import type { Chain } from '../program/node-program.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { EMPTY_PLAN } from '../render/plan.ts';
import { tryOutText } from '../render/plan-table.ts';

const TRIAL: Chain = {
  name: 'sources' as ChainName,
  rules: [
    { matches: [{ kind: 'inInterface', name: 'lo' }, { kind: 'unroutedSource' }], verdict: { kind: 'drop' } },
    {
      matches: [{ kind: 'ports', protocol: 'UDP', ranges: [{ from: 1, to: 1 }] }, { kind: 'localDestination' }],
      verdict: { kind: 'drop' },
    },
  ],
};

/**
 * Loads rules of source validation where no packet can reach them, and removes them: they need a raw table and the
 * kernel modules xt_rpfilter and xt_addrtype. A success is not repeated, and simultaneous calls share one try.
 * @returns a function that throws CommandError if the kernel rejects them in all families
 */
export const createSourceTrial = (kernel: Kernel): (() => Promise<void>) => {
  let trial: Promise<void> | undefined;
  const text = tryOutText([TRIAL], 'raw');

  /** Tries each family. One that rejects them is reported as a part that is not in force, and does not affect the other. */
  const tryEach = async (): Promise<void> => {
    const tried = await Promise.allSettled(
      kernel.families.map((family) => kernel.apply({ ...EMPTY_PLAN, raw: { [family]: text } })),
    );
    const refused = tried.filter((each) => each.status === 'rejected');
    const [first] = refused;
    if (first !== undefined && refused.length === tried.length) throw first.reason;
  };

  return () => {
    trial ??= tryEach().catch((error: unknown) => {
      trial = undefined;
      throw error;
    });
    return trial;
  };
};
