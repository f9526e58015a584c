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
 * Loads rules of the kinds that look at sources where no packet gets to them, and removes them: they take a raw table and
 * the kernel modules xt_rpfilter and xt_addrtype. What was taken once is not tried again, and two do not try at once.
 * @returns a function that throws CommandError where the kernel takes them in no family
 */
export const createSourceTrial = (kernel: Kernel): (() => Promise<void>) => {
  let trial: Promise<void> | undefined;
  const text = tryOutText([TRIAL], 'raw');

  /** A family that does not take them is told of as a part that is not in force, and keeps the other from nothing. */
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
