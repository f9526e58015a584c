import { expect, test } from '@jest/globals';
import { skewOf } from '../../../src/cli/plugin/versions.ts';

test('an agent of the same version is not remarked on', () => {
  expect(skewOf('n1', '0.3.1', '0.3.1')).toBeUndefined();
});

test.each([
  ['0.3.0', 'the agent of n1 is older (0.3.0) than this plugin (0.10.1): it may not know all options'],
  ['1.0.0', 'the agent of n1 is newer (1.0.0) than this plugin (0.10.1): what is new is not shown; update the plugin'],
  [
    undefined,
    'the agent of n1 is older than this plugin (0.10.1): it does not tell its version, and may not know all options',
  ],
])('a note says that an agent is of another version: %s', (version, words) => {
  expect(skewOf('n1', version, '0.10.1')).toBe(words);
});
