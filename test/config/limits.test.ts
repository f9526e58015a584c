import { expect, test } from '@jest/globals';
import { readLimits } from '../../src/config/limits.ts';
import { DEFAULT_LIMITS } from '../../src/policy/limits.ts';

test('takes the limits that are named, and leaves the others as they are', () => {
  expect(readLimits('default')).toEqual(DEFAULT_LIMITS);
  expect(readLimits('node-rules=50000,node-memory=64')).toEqual({
    ...DEFAULT_LIMITS,
    node: { ...DEFAULT_LIMITS.node, rules: 50_000, memory: 64 * 1024 * 1024 },
  });
});

test.each([
  '',
  'rules=1',
  'node-rules',
  'node-rules=0',
  'node-rules=-1',
  'pod-rules=1',
  'node-chains=1',
  'node-rules=1,',
  'node-rules=1e3',
])('refuses %j', (text) => {
  expect(readLimits(text)).toBeUndefined();
});
