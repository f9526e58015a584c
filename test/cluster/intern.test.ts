import { expect, test } from '@jest/globals';
import { createIntern } from '../../src/cluster/intern.ts';

test('returns equal strings, also after the pool was full', () => {
  const intern = createIntern(2);
  expect(['a', 'b', 'c', 'a', 'd'].map(intern)).toEqual(['a', 'b', 'c', 'a', 'd']);
});
