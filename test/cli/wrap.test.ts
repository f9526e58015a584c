import { expect, test } from '@jest/globals';
import { indent, wrap } from '../../src/cli/wrap.ts';

test('wrap breaks text at spaces, and keeps long words whole', () => {
  expect(wrap('one two three\nfour incomprehensibilities five', 9)).toEqual([
    'one two',
    'three',
    'four',
    'incomprehensibilities',
    'five',
  ]);
  expect(wrap('  ', 9)).toEqual([]);
});

test('wrapped text is indented except for empty lines', () => {
  expect(indent(['a', '', 'b'], 2)).toBe('  a\n\n  b');
});
