import { expect, test } from '@jest/globals';
import { createIntern } from '../../src/cluster/intern.ts';

test('intern returns equal strings, even after the pool was full', () => {
  const intern = createIntern(2);
  expect(['a', 'b', 'c', 'a', 'd'].map(intern)).toEqual(['a', 'b', 'c', 'a', 'd']);
});
