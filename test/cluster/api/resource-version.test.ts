import { expect, test } from '@jest/globals';
import { isOlderThan } from '../../../src/cluster/api/resource-version.ts';

test.each([
  ['9', '10', true],
  ['10', '9', false],
  ['10', '10', false],
  ['9007199254740992', '9007199254740993', true],
  ['', '10', false],
  ['9', '', false],
  ['a', 'b', false],
  ['-1', '5', false],
  ['007', '10', false],
])('the resourceVersion %j is older than %j: %j', (current, known, older) => {
  expect(isOlderThan(current, known)).toBe(older);
});
