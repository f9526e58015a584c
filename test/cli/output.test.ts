import { expect, test } from '@jest/globals';
import { formatOutput } from '../../src/cli/output.ts';

const rows = [
  { from: 'a/b', ports: [80] },
  { from: '::1', ports: [] },
];
const text = () => 'a/b → 80\n\n';

test('text ends with exactly one newline', () => {
  expect(formatOutput('text', rows, text)).toBe('a/b → 80\n');
});

test('json is indented and ends with a newline', () => {
  expect(formatOutput('json', [1], text)).toBe('[\n  1\n]\n');
});

test('yaml spells shared parts out', () => {
  const shared = { port: 80 };
  expect(formatOutput('yaml', { a: shared, b: shared }, text)).toBe('a:\n  port: 80\nb:\n  port: 80\n');
});
