import { describe, expect, test } from '@jest/globals';
import { createFakeHost } from '../support/fake-kernel/host.ts';
import { API, openTo, reaches, readyBench, refuse, setUpBench, withPeers } from './bench.ts';

/** Records whether the kernel already had the wanted state when the loop reported it. */
const watch = (promise: Promise<void>, isInForce: () => boolean) => {
  const seen: { settled: boolean; inForce: boolean } = { settled: false, inForce: false };
  void promise.then(() => {
    seen.settled = true;
    seen.inForce = isInForce();
  });
  return seen;
};

describe('settled state', () => {
  test('the state is settled at once if there is nothing to do', async () => {
    const bench = await readyBench();
    await bench.loop.settled();
    expect(bench.results).toEqual([]);
  });

  test('a change is settled once it is in the kernel', async () => {
    const bench = await readyBench();
    bench.change(openTo(), '2');
    const seen = watch(bench.loop.settled(), () => !reaches(bench.host, API));
    await bench.clock.settle();
    expect(seen).toEqual({ settled: true, inForce: true });
  });

  test('a change during a pass is settled after the next one', async () => {
    const bench = await readyBench();
    let seen: ReturnType<typeof watch> | undefined;
    bench.host.afterStep = () => {
      if (seen !== undefined) return;
      bench.change(withPeers('10.1.1.77'), '3');
      seen = watch(bench.loop.settled(), () => reaches(bench.host, '10.1.1.77'));
    };
    bench.change(withPeers('10.1.1.50'), '2');
    await bench.clock.settle();
    expect(seen).toEqual({ settled: true, inForce: true });
  });

  test('the state is settled after the current pass if no other change came', async () => {
    const bench = await readyBench();
    let seen: ReturnType<typeof watch> | undefined;
    bench.host.afterStep = () => {
      seen ??= watch(bench.loop.settled(), () => reaches(bench.host, '10.1.1.50'));
    };
    bench.change(withPeers('10.1.1.50'), '2');
    await bench.clock.settle();
    expect(seen).toEqual({ settled: true, inForce: true });
    expect(bench.results).toHaveLength(1);
  });

  test('a change is not settled while the kernel rejects it, and is settled once it is accepted', async () => {
    const bench = await readyBench();
    refuse(bench, 'ipset line');
    bench.change(withPeers('10.1.1.50'), '2');
    const seen = watch(bench.loop.settled(), () => reaches(bench.host, '10.1.1.50'));
    await bench.clock.pass(2_000);
    expect(seen.settled).toBe(false);
    refuse(bench, undefined);
    await bench.clock.pass(60_000);
    expect(seen).toEqual({ settled: true, inForce: true });
  });

  test('the state is not settled before the source has delivered everything', async () => {
    const bench = setUpBench(createFakeHost(), {}, false);
    const seen = watch(bench.loop.settled(), () => reaches(bench.host, API));
    await bench.clock.pass(10_000);
    expect(seen.settled).toBe(false);
    bench.setSynced(true);
    await bench.clock.pass(1_000);
    expect(seen).toEqual({ settled: true, inForce: true });
  });
});
