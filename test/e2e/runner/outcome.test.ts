import { expect, test } from '@jest/globals';
import { isGood, type Outcome, outcomeTable } from '../../../e2e/runner/outcome.ts';

const GOOD: Outcome = {
  variant: 'ptp-iptables',
  installSeconds: 4.26,
  specs: { passed: 30, total: 30 },
  suite: { passed: 47, total: 47 },
  minutes: 11.94,
};

test('an outcome is good if all specs passed and the installation was quick', () => {
  expect(isGood(GOOD)).toBe(true);
  expect(isGood({ ...GOOD, installSeconds: 15 })).toBe(false);
  expect(isGood({ ...GOOD, specs: { passed: 29, total: 30 } })).toBe(false);
  expect(isGood({ ...GOOD, suite: { passed: 46, total: 47 } })).toBe(false);
});

test('an outcome without specs is no success', () => {
  expect(isGood({ ...GOOD, specs: { passed: 0, total: 0 } })).toBe(false);
  expect(isGood({ ...GOOD, suite: { passed: 0, total: 0 } })).toBe(false);
});

test('the outcome table has a line per cluster, and a dash if the suite did not run', () => {
  const { suite, ...without } = GOOD;
  expect(suite).toBeDefined();
  expect(outcomeTable([GOOD, { ...without, variant: 'ipv6', specs: { passed: 29, total: 30 } }])).toBe(
    `cluster       enforcing after  our specs  upstream suite  time
ptp-iptables  4.3 s            30 of 30   47 of 47        11.9 min  ok
ipv6          4.3 s            29 of 30   -               11.9 min  FAILED`,
  );
});
