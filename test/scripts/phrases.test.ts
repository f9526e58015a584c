import { expect, test } from '@jest/globals';
import { findPhrases, PHRASES } from '../../scripts/phrases/phrases.ts';

test.each(PHRASES.map(({ example: [phrase, plain], instead }) => ({ phrase, plain, instead })))(
  'the phrase check refuses "$phrase" and accepts "$plain"',
  ({ phrase, plain, instead }) => {
    expect(findPhrases(`One line.\n${phrase}\n`)).toContainEqual(expect.objectContaining({ line: 2, instead }));
    expect(findPhrases(`One line.\n${plain}\n`)).toEqual([]);
  },
);

test('the phrase check finds a phrase across a line break, in comments and paragraphs', () => {
  const [so, many] = ['so', 'many'];
  for (const start of ['', ' * ', '// ', '# ', '> ']) {
    expect(findPhrases(`${start}Up to ${so}\n${start}${many} lines.`)).toMatchObject([
      { line: 1, text: `${so} ${many}` },
    ]);
  }
});

test('the phrase check reports phrases in the order of the text', () => {
  const lines = PHRASES.map(({ example: [phrase] }) => phrase);
  const found = findPhrases(lines.join('\n')).map(({ line }) => line);
  expect(found).toEqual(found.toSorted((one, other) => one - other));
  expect(new Set(found).size).toBe(lines.length);
});
