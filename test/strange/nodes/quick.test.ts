import { describe, expect, test } from '@jest/globals';
import { CONDITIONS } from '../catalogue/all.ts';
import { tryCondition } from '../run/try-condition.ts';

/** A part of the bench of strange nodes, each condition with one backend; `npm run strange` has all. */

const QUICK = CONDITIONS.flatMap((condition) => {
  const { backends: [backend] = ['nft'], name, quick } = condition;
  return quick === true && backend !== undefined ? [{ name, backend, condition }] : [];
});

describe('on a strange node', () => {
  test.each(QUICK)('what must hold does: $name ($backend)', async ({ condition, backend }) => {
    const { outcome, why } = await tryCondition(condition, backend, new Map());
    expect({ outcome, why }).toEqual({ outcome: 'holds', why: [] });
  });
});
