import type { IpFamily } from '../model/family.ts';
import type { Isolation } from '../policy/node-policy.ts';
import { type Answered, reportRefused } from './answers.ts';
import { type Reports, reportRules } from './records.ts';
import { type AllowingRule, keptRules } from './allow.ts';
import { isolationChain } from './names.ts';
import type { Chain, Rule } from './node-program.ts';
import type { SetBuilder } from './set-builder.ts';

/** Longest comment of a rule in bytes (XT_MAX_COMMENT_LEN less the closing NUL). */
const MAX_COMMENT = 255;
const CUT = '...';

/** Characters other than those of valid names and the blanks between them. */
const OTHER = /[^A-Za-z0-9 ./-]/gu;

/**
 * Returns the comment of a rule: the only place where foreign text enters restore text. Names in a folder of manifests can
 * contain anything, so every character that is not part of valid names becomes `?`. The rest has one byte per character.
 */
export const commentText = (text: string): string => {
  const safe = text.replaceAll(OTHER, '?');
  return safe.length <= MAX_COMMENT ? safe : `${safe.slice(0, MAX_COMMENT - CUT.length)}${CUT}`;
};

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
