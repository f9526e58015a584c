import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printable, printableJson, printableName } from '../../src/model/printable.ts';

const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const anyText = fc.string({ unit: 'binary' });

test.each([
  ['a\nb', 'a\\u{a}b'],
  ['\u001b[2J', '\\u{1b}[2J'],
  ['\u009b2J', '\\u{9b}2J'],
  ['\u007f', '\\u{7f}'],
  ['\u202egpj', '\\u{202e}gpj'],
  ['\u{e0041}', '\\u{e0041}'],
  ['été 日本 😀', 'été 日本 😀'],
])('printable shows %j as %s', (text, shown) => {
  expect(printable(text)).toBe(shown);
});

test('printable text has no invisible characters', () => {
  fc.assert(fc.property(anyText, (text) => !HIDDEN.test(printable(text))));
});

test('printable names stay different, and contain no slash', () => {
  expect(printableName('a/b\\c\n')).toBe('a\\u{2f}b\\u{5c}c\\u{a}');
  fc.assert(fc.property(anyText, (name) => !/[\p{Cc}/]/u.test(printableName(name))));
  fc.assert(
    fc.property(fc.constantFrom('a/b', 'a\\u{2f}b', '\n', '\\u{a}'), anyText, (one, other) => {
      expect(printableName(one) === printableName(other)).toBe(one === other);
    }),
  );
});

test('printable JSON has the same meaning', () => {
  expect(printableJson('{\n  "a": "\u009b\u{e0041}"\n}')).toBe('{\n  "a": "\\u009b\\udb40\\udc41"\n}');
  fc.assert(
    fc.property(fc.jsonValue(), fc.dictionary(anyText, anyText), (value, texts) => {
      const data: unknown = JSON.parse(JSON.stringify([value, { ...texts }]));
      const shown = printableJson(JSON.stringify(data, undefined, 2));
      expect(JSON.parse(shown)).toEqual(data);
      expect(shown.replaceAll('\n', '')).not.toMatch(HIDDEN);
    }),
  );
});
