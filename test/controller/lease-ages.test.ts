import { beforeEach, expect, test } from '@jest/globals';
import { createLeaseAges, type LeaseAges } from '../../src/controller/lease-ages.ts';

const STALE_MS = 30_000;

let now: number;
let heardAt: number | undefined;
let ages: LeaseAges;

/** Time passes in which the watch delivers something every second, or nothing. */
const pass = (seconds: number, isHeard = true): void => {
  for (let second = 0; second < seconds; second += 1) {
    now += 1_000;
    if (isHeard) heardAt = now;
    ages.isStale('n1', STALE_MS);
  }
};

beforeEach(() => {
  now = 0;
  heardAt = 0;
  ages = createLeaseAges({ now: () => now }, () => heardAt);
  ages.note('n1', '1');
});

test('a Lease is stale once it was not renewed for its time, and no more once it is', () => {
  pass(29);
  expect(ages.isStale('n1', STALE_MS)).toBe(false);
  pass(1);
  expect(ages.isStale('n1', STALE_MS)).toBe(true);
  ages.note('n1', '2');
  expect([ages.isStale('n1', STALE_MS), ages.hasRenewed('n1')]).toEqual([false, true]);
});

test('a Lease that is only stored counts as renewed only after it was', () => {
  expect(ages.hasRenewed('n1')).toBe(false);
  ages.note('n1', '1');
  expect(ages.hasRenewed('n1')).toBe(false);
});

test('a node without a Lease becomes stale too, and one that gets a Lease has renewed it', () => {
  ages.note('n1', undefined);
  pass(30);
  expect(ages.isStale('n1', STALE_MS)).toBe(true);
  ages.note('n1', '7');
  expect(ages.hasRenewed('n1')).toBe(true);
});

test('while the watch is silent nothing is stale, and its silence counts for no Lease', () => {
  pass(20);
  pass(60, false);
  expect(ages.isStale('n1', STALE_MS)).toBe(false);
  pass(1);
  expect(ages.isStale('n1', STALE_MS)).toBe(false);
  pass(30);
  expect(ages.isStale('n1', STALE_MS)).toBe(true);
});
