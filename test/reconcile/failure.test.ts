import { describe, expect, test } from '@jest/globals';
import { API, CHECK_MS, flush, openTo, reaches, readyBench, refuse, withPeers } from './bench.ts';

describe('failures of a pass', () => {
  test('a failure leaves the old rules, and is retried without a trigger', async () => {
    const bench = await readyBench();
    refuse(bench, 'iptables restore');
    bench.change(openTo('db'), '2');
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'change', outcome: 'failed', changes: 0, program: undefined }]);
    expect(bench.results[0]?.error).toBe('iptables-nft-restore --noflush -w 5: no space left');
    expect(bench.loop.status()).toMatchObject({
      ready: true,
      pending: true,
      failures: 1,
      appliedResourceVersions: { pods: '1' },
      lastError: 'iptables-nft-restore --noflush -w 5: no space left',
    });
    expect(reaches(bench.host, '203.0.113.7')).toBe(false);
    refuse(bench, undefined);
    await bench.clock.pass(100);
    expect(bench.results.at(-1)).toMatchObject({ reason: 'retry', outcome: 'applied', error: undefined });
    expect(bench.loop.status()).toMatchObject({
      failures: 0,
      lastError: undefined,
      pending: false,
      appliedResourceVersions: { pods: '2' },
    });
    expect(reaches(bench.host, API)).toBe(false);
  });

  test('a failure is retried after growing waits of up to ten seconds', async () => {
    const bench = await readyBench();
    refuse(bench, 'ipset save');
    flush(bench.host);
    await bench.clock.pass(CHECK_MS);
    bench.change(withPeers('10.1.1.50'), '2');
    await bench.clock.settle();
    const waits: (number | undefined)[] = [];
    for (let at = 0; at < 10; at += 1) {
      const wait = bench.clock.nextIn();
      waits.push(wait);
      await bench.clock.pass(wait ?? 0);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
    expect(bench.loop.status().failures).toBe(11);
  });

  test('a failure is not retried sooner because changes come in', async () => {
    const bench = await readyBench();
    refuse(bench, 'iptables restore');
    bench.change(openTo('db'), '2');
    await bench.clock.settle();
    for (let at = 0; at < 50; at += 1) bench.change(openTo('cache'), `more-${at}`);
    await bench.clock.settle();
    expect(bench.results).toHaveLength(1);
    refuse(bench, undefined);
    await bench.clock.pass(100);
    expect(bench.loop.status().appliedResourceVersions).toEqual({ pods: 'more-49' });
  });

  test('keeps the time at which its change was seen until it is in force', async () => {
    const bench = await readyBench();
    const since = bench.clock.now();
    refuse(bench, 'iptables restore');
    bench.change(openTo('db'), '2');
    await bench.clock.settle();
    expect(bench.results.at(-1)?.waitedMs).toBeUndefined();
    expect(bench.loop.status().waitingSince).toBe(since);
    await bench.clock.pass(50);
    refuse(bench, undefined);
    await bench.clock.pass(50);
    expect(bench.results.at(-1)).toMatchObject({ reason: 'retry', outcome: 'applied', waitedMs: 100 });
    expect(bench.loop.status().waitingSince).toBeUndefined();
  });

  test('a failure makes the kernel’s state unknown: it is read before the next try, and read back afterwards', async () => {
    const bench = await readyBench();
    refuse(bench, 'iptables restore');
    bench.change(openTo('db'), '2');
    await bench.clock.settle();
    flush(bench.host);
    bench.steps.length = 0;
    refuse(bench, undefined);
    await bench.clock.pass(100);
    expect(bench.steps.slice(0, 3)).toEqual(['ipset save', 'iptables save', 'iptables save']);
    expect(bench.steps.filter((kind) => kind === 'ipset save')).toHaveLength(3);
    expect(reaches(bench.host, '203.0.113.7')).toBe(false);
  });

  test.each(['ipset save', 'iptables save'] as const)('a failure of %s leads to a full read', async (kind) => {
    const bench = await readyBench();
    flush(bench.host);
    refuse(bench, kind);
    await bench.clock.pass(CHECK_MS);
    expect(bench.results).toMatchObject([{ reason: 'check', outcome: 'failed', drift: 0 }]);
    expect(bench.steps).not.toContain('iptables restore');
    expect(bench.loop.status()).toMatchObject({ ready: true, failures: 1 });
    refuse(bench, undefined);
    await bench.clock.pass(100);
    expect(bench.results.at(-1)).toMatchObject({ reason: 'retry', outcome: 'applied' });
    expect(reaches(bench.host, '203.0.113.7')).toBe(false);
  });

  test('a failure to destroy a set is no failure of the pass', async () => {
    const bench = await readyBench();
    bench.host.failure = (step) =>
      step.kind === 'ipset line' && step.line.startsWith('destroy') ? 'in use by a kernel component' : undefined;
    bench.change(openTo(), '2');
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ outcome: 'applied' }]);
    const left = bench.host.sets.size;
    refuse(bench, undefined);
    await bench.clock.pass(CHECK_MS);
    expect(bench.results.at(-1)).toMatchObject({ reason: 'check', outcome: 'applied', drift: 0 });
    expect(bench.host.sets.size).toBeLessThan(left);
  });
});
