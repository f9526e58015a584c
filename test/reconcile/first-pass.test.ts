import { describe, expect, test } from '@jest/globals';
import { markerSet } from '../../src/program/names.ts';
import { createFakeHost } from '../support/fake-kernel/host.ts';
import { API, flush, openTo, reaches, readyBench, setUpBench } from './bench.ts';

describe('before the source is complete', () => {
  test('the kernel is neither read nor written before the source is complete', async () => {
    const bench = setUpBench(createFakeHost(), {}, false);
    await bench.clock.pass(60_000);
    bench.loop.trigger();
    await bench.clock.settle();
    expect(bench.steps).toEqual([]);
    expect(bench.results).toEqual([]);
    expect(bench.loop.status()).toMatchObject({
      ready: false,
      pending: true,
      failures: 0,
      appliedResourceVersions: {},
      lastCheck: undefined,
      lastChange: undefined,
    });
  });

  test('the loop shows that it is alive before the source is complete', async () => {
    const bench = setUpBench(createFakeHost(), {}, false);
    await bench.clock.pass(60_000);
    expect(bench.clock.now() - bench.loop.status().heartbeatAt).toBeLessThan(100);
  });

  test('programming begins as soon as the source is complete', async () => {
    const bench = setUpBench(createFakeHost(), {}, false);
    await bench.clock.pass(1_000);
    bench.setSynced(true);
    bench.loop.trigger();
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'start', outcome: 'applied' }]);
    expect(reaches(bench.host, API)).toBe(true);
    expect(reaches(bench.host, '203.0.113.7')).toBe(false);
  });

  test('programming begins without a trigger once the source is complete', async () => {
    const bench = setUpBench(createFakeHost(), {}, false);
    await bench.clock.pass(1_000);
    bench.setSynced(true);
    await bench.clock.pass(50);
    expect(bench.loop.status()).toMatchObject({ ready: true, pending: false, appliedResourceVersions: { pods: '1' } });
  });
});

describe('first programming', () => {
  test('the first programming is read back', async () => {
    const bench = setUpBench();
    await bench.clock.settle();
    expect(bench.steps.filter((kind) => kind === 'ipset save')).toHaveLength(2);
    expect(bench.results).toMatchObject([{ reason: 'start', outcome: 'applied', drift: 0, error: undefined }]);
    expect(bench.results[0]?.changes).toBeGreaterThan(10);
  });

  test('the first programming adopts an earlier agent’s rules without a write', async () => {
    const { host, loop } = await readyBench();
    await loop.stop();
    const bench = setUpBench(host);
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'start', outcome: 'unchanged', changes: 0, drift: 0 }]);
    expect(bench.steps).toEqual(['ipset save', 'iptables save', 'iptables save']);
    expect(bench.loop.status().ready).toBe(true);
  });

  test('the first programming destroys the set of a trial, which is no change of the rules', async () => {
    const { host, loop } = await readyBench();
    await loop.stop();
    const name = markerSet('a trial');
    host.sets.set(name, {
      name,
      type: 'hash:ip',
      family: 'ipv4',
      hashSize: 1024,
      maxElements: 65_536,
      timeout: undefined,
      members: new Set(),
    });
    const bench = setUpBench(host);
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'start', outcome: 'unchanged', drift: 0 }]);
    expect(host.sets.has(name)).toBe(false);
  });

  test('the first programming does not count existing rules as drift', async () => {
    const { host, loop } = await readyBench();
    await loop.stop();
    const bench = setUpBench(host);
    bench.put(openTo('db'), '9');
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'start', outcome: 'applied', drift: 0 }]);
    expect(bench.loop.status().lastCheck).toMatchObject({ differences: 0 });
  });

  test('a first programming that does not hold is a failure, and the agent is not ready', async () => {
    const host = createFakeHost();
    host.afterStep = (step) => {
      if (step.kind === 'iptables restore' && step.family === 'ipv4') flush(host);
    };
    const bench = setUpBench(host);
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ outcome: 'failed', program: undefined }]);
    expect(bench.results[0]?.error).toContain('read-back differs from what was written; missing: ');
    expect(bench.loop.status()).toMatchObject({
      ready: false,
      failures: 1,
      appliedResourceVersions: {},
      pending: true,
    });
    host.afterStep = () => undefined;
    await bench.clock.pass(100);
    expect(bench.loop.status()).toMatchObject({ ready: true, failures: 0, lastError: undefined });
  });
});
