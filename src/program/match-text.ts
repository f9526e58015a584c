import type { Match } from './node-program.ts';

const texts = new WeakMap<Match, string>();

const textOf = (match: Match): string => {
  const known = texts.get(match);
  if (known !== undefined) return known;
  const text = JSON.stringify(match);
  texts.set(match, text);
  return text;
};

/** Returns text that is equal for equal matches. Cached, because the rules of a policy repeat the same few. */
export const matchesText = (matches: readonly Match[]): string => {
  let text = '';
  for (const match of matches) text += `${textOf(match)}\n`;
  return text;
};
