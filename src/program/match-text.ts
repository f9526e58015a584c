import type { Match } from './node-program.ts';

const texts = new WeakMap<Match, string>();

const textOf = (match: Match): string => {
  const known = texts.get(match);
  if (known !== undefined) return known;
  const text = JSON.stringify(match);
  texts.set(match, text);
  return text;
};

/** Text that is equal for equal matches. The rules of a policy are made of the same few again and again. */
export const matchesText = (matches: readonly Match[]): string => {
  let text = '';
  for (const match of matches) text += `${textOf(match)}\n`;
  return text;
};
