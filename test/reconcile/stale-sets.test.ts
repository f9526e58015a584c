import { expect, test } from '@jest/globals';
import { createStaleSets, EMPTY_PLAN, type Plan } from '../../src/render/plan.ts';

const dropping = (...names: readonly string[]): Plan => ({
  ...EMPTY_PLAN,
  prepare: 'add portcullis-4-a 10.0.0.1\n',
  destroy: names.map((name) => `destroy ${name}`),
  size: 1 + names.length,
});

test('a stale set waits for the check after the next', () => {
  const stale = createStaleSets();
  expect(stale.defer(dropping('portcullis-4-b'))).toEqual({ ...dropping(), size: 1 });
  expect(stale.takeDue()).toBeUndefined();
  stale.defer(dropping('portcullis-4-c'));
  expect(stale.takeDue()).toEqual({ ...EMPTY_PLAN, destroy: ['destroy portcullis-4-b'], size: 1 });
  expect(stale.takeDue()?.destroy).toEqual(['destroy portcullis-4-c']);
  expect(stale.takeDue()).toBeUndefined();
});

test.each([0, 1])('a stale set that is needed again is emptied and stays, %i checks later', (checks) => {
  const stale = createStaleSets();
  stale.defer(dropping('portcullis-4-b', 'portcullis-4-bb'));
  for (let check = 0; check < checks; check += 1) stale.takeDue();
  const create = 'create portcullis-4-b hash:ip family inet hashsize 64 maxelem 1048576\nadd portcullis-4-b 10.0.0.2\n';
  const plan = stale.defer({ ...EMPTY_PLAN, prepare: create, size: 2 });
  expect(plan).toEqual({ ...EMPTY_PLAN, prepare: `flush portcullis-4-b\n${create}`, size: 3 });
  for (let check = checks; check < 1; check += 1) stale.takeDue();
  expect(stale.takeDue()?.destroy).toEqual(['destroy portcullis-4-bb']);
});

test('stale sets no longer wait after a full comparison', () => {
  const stale = createStaleSets();
  stale.defer(dropping('portcullis-4-b'));
  stale.takeDue();
  stale.defer(dropping('portcullis-4-c'));
  stale.clear();
  expect(stale.takeDue()).toBeUndefined();
  expect(stale.takeDue()).toBeUndefined();
});
