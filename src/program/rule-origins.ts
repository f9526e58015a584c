import type { IpFamily } from '../model/family.ts';
import type { AllowRule, Isolation } from '../policy/node-policy.ts';
import { allowConditions, matchesText } from './allow.ts';
import { memberSet } from './names.ts';
import type { SetBuilder } from './set-builder.ts';

/** Names sets by what they hold, and makes none. */
const namingSets = (family: IpFamily): SetBuilder => {
  const name = (...parts: readonly unknown[]) =>
    memberSet(
      family,
      parts.map((part) => JSON.stringify(part)),
    );
  const plain = (blocks: readonly { readonly base: bigint; readonly prefix: number }[]) =>
    blocks.map(({ base, prefix }) => `${base}/${prefix}`);
  return {
    pods: ({ key }) => name('pods', key),
    blocks: (blocks) => name('blocks', plain(blocks)),
    excepts: (holes) => name('excepts', plain(holes)),
    namedPort: (scope, { protocol, name: port }) => {
      const where =
        scope.kind === 'blocks'
          ? scope.blocks.map(({ cidr, except }) => plain([cidr, ...except]))
          : scope.kind === 'pods'
            ? scope.key
            : '';
      return name('port', scope.kind, where, protocol, port);
    },
    knows: () => true,
  };
};

/**
 * Says which policies' rules each allowing rule of an isolation's chain is made of, in the order of the chain; equal ones
 * are one. Undefined where the policies allow everything in the family, since then there is no chain.
 */
export const ruleOrigins = (
  isolation: Isolation,
  family: IpFamily,
): readonly (readonly Pick<AllowRule, 'policy' | 'index'>[])[] | undefined => {
  const { direction, pods, rules } = isolation;
  const context = { direction, family, pods, sets: namingSets(family) };
  const byText = new Map<string, Pick<AllowRule, 'policy' | 'index'>[]>();
  for (const rule of rules) {
    const { policy, index } = rule;
    for (const matches of allowConditions(rule, context)) {
      if (matches.length === 0) return undefined;
      const text = matchesText(matches);
      byText.set(text, [...(byText.get(text) ?? []), { policy, index }]);
    }
  }
  return [...byText.values()];
};
