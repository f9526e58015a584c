import { expect, test } from '@jest/globals';
import { firstChild, identify, isAlive } from '../../../e2e/cluster/process-identity.ts';
import { startProcess } from '../../../src/lab/process.ts';

test('a process is identified by its number and its start', async () => {
  const own = await identify(process.pid);
  expect(own).toMatchObject({ pid: process.pid, startTime: expect.stringMatching(/^\d+$/) });
  expect(await isAlive({ pid: process.pid, startTime: own?.startTime ?? '' })).toBe(true);
  expect(await isAlive({ pid: process.pid, startTime: '1' })).toBe(false);
});

test('a process that ended is not alive', async () => {
  const child = await startProcess('sleep', ['60']);
  const identity = await identify(child.pid);
  expect(await firstChild(process.pid)).toBeGreaterThan(0);
  await child.stop();
  expect(identity).toBeDefined();
  expect(await identify(child.pid)).toBeUndefined();
});
