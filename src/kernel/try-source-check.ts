import type { ChainName } from '../program/names.ts';
import type { Chain } from '../program/node-program.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { EMPTY_PLAN } from '../render/plan.ts';
import { tryOutText } from '../render/plan-table.ts';

const TRIAL: Chain = {
  name: 'sources' as ChainName,
  rules: [{ matches: [{ kind: 'inInterface', name: 'lo' }, { kind: 'unroutedSource' }], verdict: { kind: 'drop' } }],
};

/**
 * Loads a rule of the kind that looks at sources where no packet gets to it, and removes it: it takes a raw table and the
 * kernel module xt_rpfilter. @throws CommandError
 */
export const trySourceCheck = async (kernel: Kernel): Promise<void> => {
  const text = tryOutText([TRIAL], 'raw');
  await kernel.apply({ ...EMPTY_PLAN, raw: Object.fromEntries(kernel.families.map((family) => [family, text])) });
};
