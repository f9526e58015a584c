import { expect, test } from '@jest/globals';
import { createLines } from '../../src/model/lines.ts';

test('lines that arrive in pieces are put together', () => {
  const lines: string[] = [];
  const take = createLines((line) => lines.push(line));
  ['{"a"', ':1}\n{"b":', '2}\n\n{"c"'].forEach(take);
  expect(lines).toEqual(['{"a":1}', '{"b":2}']);
});
