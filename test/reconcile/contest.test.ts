import { describe, expect, test } from '@jest/globals';
import { createContest } from '../../src/reconcile/contest.ts';
import type { SyncResult } from '../../src/reconcile/sync-result.ts';
import type { FakeHost } from '../support/fake-kernel/host.ts';
import type { FakeRule } from '../support/fake-kernel/rule.ts';
import { type Bench, openTo, readyBench } from './bench.ts';

/** Another program that wants the first rule of FORWARD. */
const THEIRS: FakeRule = { text: '-j ACCEPT', matches: [], target: { kind: 'verdict', verdict: 'ACCEPT' } };
const CHECK_MS = 200;
const MINUTE_MS = 60_000;

const isFirst = ({ tables }: FakeHost): boolean => tables.ipv4.get('FORWARD')?.rules[0]?.text !== THEIRS.text;

const goFirst = (host: FakeHost): void => {
  host.tables.ipv4 = new Map(
    [...host.tables.ipv4].map(([name, chain]) => {
      const rules = chain.rules.filter(({ text }) => text !== THEIRS.text);
      return [name, name === 'FORWARD' ? { ...chain, rules: [THEIRS, ...rules] } : chain];
    }),
  );
};

/** It answers each of our restores at once. */
const fight = (bench: Bench): void => {
  goFirst(bench.host);
  bench.host.afterStep = ({ kind }) => {
    if (kind === 'iptables restore') goFirst(bench.host);
  };
};

const exchanges = (results: readonly SyncResult[]): number => results.filter(({ drift }) => drift > 0).length;

const opened = (): Promise<Bench> => readyBench(undefined, { checkIntervalMs: CHECK_MS });

test('the first exchange of a contest is free, however much time passes between two reads of the clock', () => {
  let now = 0;
  const contest = createContest({ now: () => (now += 0.1), wall: () => '', after: () => () => undefined });
  expect([contest.isOn(), contest.mayTake(), contest.isOn()]).toEqual([false, true, false]);
});

test('a hook position that is taken occasionally is taken back at the next check', async () => {
  const bench = await opened();
  for (let time = 0; time < 9; time += 1) {
    goFirst(bench.host);
    await bench.clock.pass(CHECK_MS);
    expect(isFirst(bench.host)).toBe(true);
  }
  expect(exchanges(bench.results)).toBe(9);
  expect(bench.results.some(({ contested }) => contested)).toBe(false);
});

describe('contests with a program that answers each time', () => {
  test('a contest is no failure of ours', async () => {
    const bench = await opened();
    fight(bench);
    await bench.clock.pass(MINUTE_MS);
    expect(bench.results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(bench.loop.status()).toMatchObject({ ready: true, failures: 0 });
  });

  test('a contest has some quick exchanges, then one every two seconds without end', async () => {
    const bench = await opened();
    fight(bench);
    await bench.clock.pass(20 * CHECK_MS);
    expect(exchanges(bench.results)).toBe(20);
    bench.results.length = 0;
    await bench.clock.pass(MINUTE_MS);
    const first = exchanges(bench.results);
    expect(first).toBeGreaterThanOrEqual(25);
    expect(first).toBeLessThanOrEqual(30);
    await bench.clock.pass(10 * MINUTE_MS);
    expect(exchanges(bench.results) - first).toBeGreaterThanOrEqual(250);
    expect(exchanges(bench.results) - first).toBeLessThanOrEqual(300);
    expect(bench.results.every(({ contested }) => contested)).toBe(true);
  });

  test('a contest is over two seconds after the other program gives up, and no longer reported after ten minutes', async () => {
    const bench = await opened();
    fight(bench);
    await bench.clock.pass(MINUTE_MS);
    bench.host.afterStep = () => undefined;
    await bench.clock.pass(2_000 + CHECK_MS);
    expect(isFirst(bench.host)).toBe(true);
    await bench.clock.pass(11 * MINUTE_MS);
    expect(bench.results.at(-1)?.contested).toBe(false);
  });

  test('a contest delays no change and no other repair', async () => {
    const bench = await opened();
    fight(bench);
    await bench.clock.pass(MINUTE_MS);
    bench.results.length = 0;
    bench.change(openTo('db'), '2');
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'change', outcome: 'applied' }]);

    const { ipv4 } = bench.host.tables;
    const [chain] = [...ipv4.values()].filter(({ name }) => name.startsWith('PORTCULLIS-I-'));
    if (chain === undefined) throw new Error('no chain of an isolation');
    bench.host.tables.ipv4 = new Map([...ipv4, [chain.name, { ...chain, rules: [THEIRS] }]]);
    await bench.clock.pass(CHECK_MS);
    expect(bench.host.tables.ipv4.get(chain.name)?.rules).toEqual(chain.rules);
  });
});
