import { describe, expect, test } from '@jest/globals';
import { CHECK_MS, flush, openTo, reaches, readyBench, refuse, WEB } from './bench.ts';

describe('drift checks', () => {
  test('a drift check comes after the interval, reads the kernel, and writes nothing without drift', async () => {
    const bench = await readyBench();
    const programmedAt = bench.clock.wall();
    await bench.clock.pass(CHECK_MS - 1);
    expect(bench.steps).toEqual([]);
    await bench.clock.pass(1);
    expect(bench.results).toMatchObject([{ reason: 'check', outcome: 'unchanged', changes: 0, drift: 0 }]);
    expect(bench.steps).toEqual(['ipset save', 'iptables save', 'iptables save']);
    const { lastCheck, lastChange } = bench.loop.status();
    expect(lastCheck).toEqual({ at: bench.clock.wall(), differences: 0 });
    expect(lastChange).toEqual({ at: programmedAt });
  });

  test('drift checks never end', async () => {
    const bench = await readyBench();
    await bench.clock.pass(10 * CHECK_MS);
    expect(bench.results).toHaveLength(10);
  });

  test('a drift check finds, counts, repairs and reads back other programs’ changes', async () => {
    const bench = await readyBench();
    flush(bench.host);
    [...bench.host.sets.values()][0]?.members.add('203.0.113.7');
    expect(reaches(bench.host, '203.0.113.7')).toBe(true);
    await bench.clock.pass(CHECK_MS);
    const [result] = bench.results;
    expect(result).toMatchObject({ reason: 'check', outcome: 'applied' });
    expect(result?.drift).toBeGreaterThan(5);
    expect(new Set(result?.tampering.map(({ kind }) => kind))).toEqual(
      new Set(['jump_missing', 'chain_changed', 'members_added']),
    );
    expect(result?.changes).toBe(result?.drift);
    expect(bench.loop.status().lastCheck?.differences).toBe(result?.drift);
    expect(bench.steps.filter((kind) => kind === 'ipset save')).toHaveLength(2);
    expect(reaches(bench.host, '203.0.113.7')).toBe(false);
    await bench.clock.pass(CHECK_MS);
    expect(bench.results.at(-1)).toMatchObject({ outcome: 'unchanged', drift: 0 });
  });

  test('a drift check reports other programs’ changes even if the first repair fails', async () => {
    const bench = await readyBench();
    flush(bench.host);
    refuse(bench, 'iptables restore');
    await bench.clock.pass(CHECK_MS);
    expect(bench.results).toMatchObject([{ outcome: 'failed', drift: 0 }]);
    refuse(bench, undefined);
    await bench.clock.pass(1_000);
    const repaired = bench.results.filter(({ outcome }) => outcome === 'applied');
    expect(repaired).toHaveLength(1);
    expect(repaired[0]?.drift).toBeGreaterThan(5);
    expect(repaired[0]?.tampering.map(({ kind }) => kind)).toContain('jump_missing');
    await bench.clock.pass(CHECK_MS);
    expect(bench.results.at(-1)).toMatchObject({ outcome: 'unchanged', drift: 0, tampering: [] });
  });

  test('a drift check does not take a change of policy for drift', async () => {
    const bench = await readyBench();
    bench.put(openTo('db'), '2');
    await bench.clock.pass(CHECK_MS - 1);
    bench.loop.trigger();
    await bench.clock.pass(1);
    expect(bench.results.map(({ drift }) => drift)).toEqual(bench.results.map(() => 0));
    expect(bench.loop.status().appliedResourceVersions).toEqual({ pods: '2' });
  });

  test('a drift check separates drift from a simultaneous change', async () => {
    const bench = await readyBench();
    bench.host.sets.get('portcullis-4-governed')?.members.clear();
    await bench.clock.pass(CHECK_MS - 1);
    // Time passes while nothing runs, so the change is found when the check is due already.
    const due = bench.clock.pass(1);
    bench.change(openTo('db'), '2');
    await due;
    const total = bench.results.reduce((sum, { drift }) => sum + drift, 0);
    expect(total).toBe(1);
    expect(bench.host.sets.get('portcullis-4-governed')?.members).toEqual(new Set([WEB]));
  });
});
