import { describe, expect, test } from '@jest/globals';
import { fileText, linesOfFile } from '../../src/records/store-file.ts';

const LINES = ['{"a":1}', '{"b":2}'];
const text = [...fileText(LINES)].join('');

describe('the file of records', () => {
  test('the file of records has the lines that were written', () => {
    expect(linesOfFile(text)).toEqual(LINES);
  });

  test('the file of records is not taken where it was cut off or changed', () => {
    for (let length = 0; length < text.length - 1; length += 1) {
      expect(() => linesOfFile(text.slice(0, length))).toThrow();
    }
    expect(() => linesOfFile(text.replace('"a":1', '"a":2'))).toThrow('its checksum is wrong');
  });

  test('the file of records of another version is not taken', () => {
    expect(() => linesOfFile(text.replace('records 1', 'records 2'))).toThrow(
      'it is no file of records of this version',
    );
  });
});
