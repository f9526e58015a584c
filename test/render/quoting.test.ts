import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { quoteArgument, splitArguments, UnquotableError } from '../../src/render/rule-text.ts';
import { splitLine } from '../support/fake-kernel/split-line.ts';

const control = /\p{Cc}/u;

/** Any argument, often with awkward characters. */
const argument = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', '\\', ' ', '#', "'", '$', '`', '-', '*', 'ä', '日', '😀'),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    {
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(''))
  .filter((text) => !control.test(text));

describe('quoting', () => {
  test.each([
    ['PORTCULLIS-FORWARD', 'PORTCULLIS-FORWARD'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['80:90', '80:90'],
    ['', '""'],
    ['two words', '"two words"'],
    ['say "no"', '"say \\"no\\""'],
    ['back\\slash', '"back\\\\slash"'],
    ['ends in \\', '"ends in \\\\"'],
    ["it's", '"it\'s"'],
    ['#no comment', '"#no comment"'],
    ['ümlaut', '"ümlaut"'],
  ])('%j is written as %s', (given, written) => {
    expect(quoteArgument(given)).toBe(written);
  });

  test.each(['\n', 'a\nb', 'a\rb', '\0', 'tab\t', '\u007f', '\u0085'])('%j cannot be written', (given) => {
    expect(() => quoteArgument(given)).toThrow(UnquotableError);
    expect(() => quoteArgument(given)).toThrow(`restore text cannot hold ${JSON.stringify(given)}`);
  });

  test('a quoted argument is the same after our parser and that of iptables-restore', () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 6 }), (args) => {
        const line = args.map(quoteArgument).join(' ');
        expect(line).not.toMatch(control);
        expect(splitArguments(line)).toEqual(args);
        expect(splitLine(line)).toEqual(args);
      }),
      { numRuns: 2_000 },
    );
  });

  test('arguments in iptables-save are read whatever their blanks are', () => {
    expect(splitArguments('  -m comment  --comment "a \\"b\\" c" -j DROP ')).toEqual([
      '-m',
      'comment',
      '--comment',
      'a "b" c',
      '-j',
      'DROP',
    ]);
  });
});
