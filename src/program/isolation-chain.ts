import type { IpFamily } from '../model/family.ts';
import type { Isolation } from '../policy/node-policy.ts';
import { type Answered, reportRefused } from './answers.ts';
import { commentText } from './comment.ts';
import { type Reports, reportRules } from './denied-log.ts';
import { type AllowingRule, keptRules } from './kept-rules.ts';
import { isolationChain } from './names.ts';
import type { Chain, Rule } from './node-program.ts';
import type { SetBuilder } from './set-builder.ts';

const commentOf = ({ direction, policies }: Isolation): string =>
  commentText(
    policies.length === 0
      ? 'closed: the API server does not know its pod'
      : `${direction} isolated by ${policies.join(' ')}`,
  );

const unique = (rules: readonly AllowingRule[]): readonly Rule[] => [
  ...new Map(rules.map(({ rule, text }) => [text, rule])).values(),
];

/**
 * Returns the chain of pods whose policies cannot be enforced: it drops everything. It has neither sets nor comments, since
 * either may be what the kernel rejected.
 */
export const closedIsolation = ({ direction, policies, namedPorts }: Isolation): Chain => ({
  name: isolationChain(direction, policies, namedPorts),
  rules: [{ matches: [], verdict: { kind: 'drop' } }],
});

/**
 * Returns the chain that judges the isolated pods' packets: rules that allow return to the hook's chain, the last rule
 * drops. Undefined if the policies allow everything in this family.
 */
export const compileIsolation = (
  isolation: Isolation,
  family: IpFamily,
  sets: SetBuilder,
  reports: Reports,
  answered: Answered | undefined,
): Chain | undefined => {
  const { direction, pods } = isolation;
  const context = { direction, family, pods, sets };
  const allowed = unique(isolation.rules.flatMap((rule) => keptRules(rule, context)));
  if (allowed.some(({ matches }) => matches.length === 0)) return undefined;
  const name = isolationChain(direction, isolation.policies, isolation.namedPorts);
  return {
    name,
    rules: [
      ...allowed,
      ...reportRules(reports, name),
      ...reportRefused(answered, name),
      { matches: [{ kind: 'comment', text: commentOf(isolation) }], verdict: { kind: 'drop' } },
    ],
  };
};
