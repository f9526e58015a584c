import { expect, test } from '@jest/globals';
import { interruptible } from '../../../e2e/cluster/interrupt.ts';

test('work without an interruption completes', async () => {
  await expect(interruptible(() => Promise.resolve('done'))).resolves.toBe('done');
});

test('a signal interrupts work once, and has no handler afterwards', async () => {
  const before = process.listenerCount('SIGHUP');
  const work = interruptible(() => Promise.withResolvers<never>().promise);
  process.emit('SIGHUP', 'SIGHUP');
  await expect(work).rejects.toThrow('interrupted by SIGHUP');
  expect(process.listenerCount('SIGHUP')).toBe(before);
});
