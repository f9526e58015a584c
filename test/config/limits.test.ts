import { expect, test } from '@jest/globals';
import { readLimits } from '../../src/config/limits.ts';
import { DEFAULT_LIMITS } from '../../src/policy/limits.ts';

test('readLimits sets the named limits, and keeps the others', () => {
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
])('readLimits refuses %j', (text) => {
  expect(readLimits(text)).toBeUndefined();
});
