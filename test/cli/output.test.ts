import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { formatOutput } from '../../src/cli/output.ts';

const rows = [
  { from: 'a/b', ports: [80] },
  { from: '::1', ports: [] },
];
const text = () => 'a/b → 80\n\n';

test('text output ends with exactly one newline', () => {
  expect(formatOutput('text', rows, text)).toBe('a/b → 80\n');
});

test('JSON output is indented and ends with a newline', () => {
  expect(formatOutput('json', [1], text)).toBe('[\n  1\n]\n');
});

test('YAML output repeats shared parts instead of using anchors', () => {
  const shared = { port: 80 };
  expect(formatOutput('yaml', { a: shared, b: shared }, text)).toBe('a:\n  port: 80\nb:\n  port: 80\n');
});

describe('names that could control a terminal', () => {
  const document = { name: 'a\u009b2J\u001b[2J\u202e', list: ['plain'], 'odd\u007f': 1 };

  test.each(['json', 'yaml'] as const)(
    '%s output escapes names that could control a terminal, and reads back the same',
    (format) => {
      const text = formatOutput(format, document, () => '');
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(parse(text)).toEqual(document);
    },
  );

  test('YAML output without such names is plain', () => {
    expect(formatOutput('yaml', { name: 'plain', lines: 'a\nb\n' }, () => '')).toBe(
      'name: plain\nlines: |\n  a\n  b\n',
    );
  });
});
