import { bodyChain } from './names.ts';
import { matchesText } from './match-text.ts';
import type { Chain, Rule } from './node-program.ts';

/** A chain with more rules gets a body, which can be loaded while packets still traverse the old rules. */
const MOST_RULES = 150;

const rulesText = (rules: readonly Rule[]): string =>
  rules.map(({ matches, verdict }) => `${matchesText(matches)}${JSON.stringify(verdict)}`).join('\n');

/**
 * Returns the chain, and its body if it is long. The body's name is a digest of its rules, so that other rules have another
 * name. The chain is then a single goto, from which a return leads back to the jump's origin. There is one body only,
 * because nft accepts up to 16 nested gotos (NFT_JUMP_STACK_SIZE).
 */
export const withBody = (chain: Chain): readonly Chain[] => {
  if (chain.rules.length <= MOST_RULES) return [chain];
  const body: Chain = { name: bodyChain(chain.name, rulesText(chain.rules)), rules: chain.rules };
  return [{ name: chain.name, rules: [{ matches: [], verdict: { kind: 'goto', chain: body.name } }] }, body];
};
