import { expect, test } from '@jest/globals';
import { GivenUpError, withinLimit } from '../../../e2e/runner/limit.ts';

const never = (): Promise<never> => new Promise(() => undefined);

test('work that is done in time returns its result, and nothing is cleaned up', async () => {
  let cleanUps = 0;
  const cleanUp = (): Promise<void> => Promise.resolve(void (cleanUps += 1));
  expect(await withinLimit(60_000, () => Promise.resolve('done'), cleanUp)).toBe('done');
  await expect(withinLimit(60_000, () => Promise.reject(new Error('broken')), cleanUp)).rejects.toThrow(/^broken$/);
  expect(cleanUps).toBe(0);
});

test('work that takes too long is abandoned and cleaned up', async () => {
  let cleanUps = 0;
  const cleanUp = (): Promise<void> => Promise.resolve(void (cleanUps += 1));
  const error: unknown = await withinLimit(120, never, cleanUp).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(GivenUpError);
  expect(String(error)).toContain('not done within 0 min');
  expect(cleanUps).toBe(1);
});

test('a clean-up that fails is reported beside the reason', async () => {
  const cleanUp = (): Promise<never> => Promise.reject(new Error('still mounted'));
  await expect(withinLimit(60, never, cleanUp)).rejects.toThrow('not done within 0 min; Error: still mounted');
});
