import { expect, test } from '@jest/globals';
import { createInOrder } from '../../../src/cli/plugin/in-order.ts';
import { waitFor } from '../../support/wait-for.ts';

test('records of several streams come out in order of time, if they come within the wait', async () => {
  const seen: string[] = [];
  const inOrder = createInOrder<{ readonly at: string }>(({ at }) => void seen.push(at), 20);
  for (const second of ['03', '01', '02']) inOrder.take({ at: `2026-11-30T10:00:${second}.000Z` });
  expect(seen).toEqual([]);
  await waitFor('all records', 10_000, () => Promise.resolve(seen.length === 3 ? true : undefined));
  expect(seen.map((at) => at.slice(17, 19))).toEqual(['01', '02', '03']);
  inOrder.take({ at: '2026-11-30T10:00:04.000Z' });
  inOrder.end();
  expect(seen.at(-1)).toBe('2026-11-30T10:00:04.000Z');
});
