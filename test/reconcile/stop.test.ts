import { describe, expect, test } from '@jest/globals';
import { API, CHECK_MS, openTo, reaches, readyBench } from './bench.ts';

describe('stop', () => {
  test('stop leaves everything as it is, and does nothing more', async () => {
    const bench = await readyBench();
    await bench.loop.stop();
    bench.change(openTo(), '2');
    await bench.clock.pass(10 * CHECK_MS);
    expect(bench.steps).toEqual([]);
    expect(bench.results).toEqual([]);
    expect(bench.clock.nextIn()).toBeUndefined();
    expect(reaches(bench.host, API)).toBe(true);
    expect(reaches(bench.host, '203.0.113.7')).toBe(false);
  });

  test('stop finishes the current pass', async () => {
    const bench = await readyBench();
    let stopping: Promise<void> | undefined;
    bench.host.afterStep = () => {
      stopping ??= bench.loop.stop();
      bench.loop.trigger();
    };
    bench.change(openTo('db'), '2');
    await bench.clock.settle();
    await stopping;
    expect(bench.results).toMatchObject([{ outcome: 'applied' }]);
    expect(bench.clock.nextIn()).toBeUndefined();
  });

  test('stop cancels a pass that has not begun', async () => {
    const bench = await readyBench();
    bench.change(openTo(), '2');
    await bench.loop.stop();
    await bench.clock.pass(CHECK_MS);
    expect(bench.results).toEqual([]);
  });
});
