import { bodyChain } from './names.ts';
import { matchesText } from './match-text.ts';
import type { Chain, Rule } from './node-program.ts';

/** A chain of more rules is held by another one, which can be loaded while packets still meet the old rules. */
const MOST_RULES = 150;

const rulesText = (rules: readonly Rule[]): string =>
  rules.map(({ matches, verdict }) => `${matchesText(matches)}${JSON.stringify(verdict)}`).join('\n');

/**
 * The chain, and where it is long its body: a chain whose name tells what it holds, so that one with other rules has another.
 * The chain itself then is a goto, from which a return leads to where the chain was jumped from. One body holds all of them:
 * nft takes no more than 16 gotos one after the other (NFT_JUMP_STACK_SIZE).
 */
export const withBody = (chain: Chain): readonly Chain[] => {
  if (chain.rules.length <= MOST_RULES) return [chain];
  const body: Chain = { name: bodyChain(chain.name, rulesText(chain.rules)), rules: chain.rules };
  return [{ name: chain.name, rules: [{ matches: [], verdict: { kind: 'goto', chain: body.name } }] }, body];
};
