import type { IpFamily } from '../model/family.ts';
import { ANSWERED_GROUP, ownAnswers, reportRefused } from '../program/answers.ts';
import type { ChainName } from '../program/names.ts';
import { RECORD_GROUPS, recordRules } from '../program/records.ts';
import type { Chain } from '../program/node-program.ts';
import type { Kernel } from '../reconcile/kernel.ts';
import { EMPTY_PLAN } from '../render/plan.ts';
import { tryOutText } from '../render/plan-table.ts';

const trialOf = (family: IpFamily): Chain => {
  const name = 'answers' as ChainName;
  const answered = { group: ANSWERED_GROUP, rejects: true };
  const recorded = recordRules({ group: RECORD_GROUPS[0] }, name);
  return { name, rules: [...reportRefused(answered, name), ...ownAnswers(answered, family), ...recorded] };
};

/**
 * Loads rules that report refused packets where no packet can reach them, and removes them: they need the kernel modules
 * xt_NFLOG, xt_hashlimit and xt_owner.
 * @throws CommandError if the kernel rejects them
 */
export const tryAnswers = (kernel: Kernel, families: readonly IpFamily[]): Promise<void> =>
  kernel.apply({
    ...EMPTY_PLAN,
    tables: Object.fromEntries(families.map((family) => [family, tryOutText([trialOf(family)])])),
  });
