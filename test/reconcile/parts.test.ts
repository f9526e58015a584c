import { describe, expect, test } from '@jest/globals';
import type { IpFamily } from '../../src/model/family.ts';
import type { FakeStep } from '../support/fake-kernel/host.ts';
import { walk } from '../support/tracer/tracer.ts';
import { API, type Bench, CHECK_MS, openTo, reaches, readyBench, setUpBench } from './bench.ts';

/** A family that cannot be read or written does not affect the other one. */

const STRANGER = '203.0.113.7';

const failIn = (bench: Bench, kind: FakeStep['kind'], family: IpFamily): void => {
  bench.host.failure = (step) => {
    bench.steps.push(step.kind);
    return step.kind === kind && 'family' in step && step.family === family ? 'no space left' : undefined;
  };
};

const heal = (bench: Bench): void => {
  bench.host.failure = () => undefined;
};

const reachesV6 = (bench: Bench, source: string): boolean =>
  walk(bench.host, { source, destination: 'fd00::10', protocol: 'tcp', port: 80 }).verdict === 'accept';

describe.each<FakeStep['kind']>(['iptables restore', 'iptables save'])('parts: %s fails for IPv6', (kind) => {
  test('a change of IPv4 is in force after one new attempt, followed by a review, and IPv6 is reported', async () => {
    const bench = await readyBench();
    failIn(bench, kind, 'ipv6');
    bench.change(openTo('db'), '2');
    await bench.clock.settle();
    await bench.clock.pass(kind === 'iptables save' ? CHECK_MS + 100 : 100);
    expect(reaches(bench.host, API)).toBe(false);
    expect(bench.results.at(-1)).toMatchObject({
      // A review follows, whether or not the first attempt had applied IPv4.
      reason: 'retry',
      outcome: 'unchanged',
      notInForce: [
        {
          part: 'ipv6',
          isNeeded: true,
          holds: 'older rules',
          reason: expect.stringMatching(/no space left|cannot be read/),
        },
      ],
    });
    expect(bench.loop.status()).toMatchObject({ ready: true, pending: true });
  });

  test('later changes of IPv4 do not wait for the failed IPv6', async () => {
    const bench = await readyBench();
    failIn(bench, kind, 'ipv6');
    bench.change(openTo('db'), '2');
    await bench.clock.pass(CHECK_MS + 30_000);
    bench.change(openTo('api'), '3');
    await bench.clock.settle();
    expect(reaches(bench.host, API)).toBe(true);
    expect(bench.results.at(-1)).toMatchObject({ outcome: 'applied' });
  });

  test('a failed family is brought to the newest state as soon as possible, and its report ends', async () => {
    const bench = await readyBench();
    failIn(bench, kind, 'ipv6');
    bench.change(openTo('db'), '2');
    await bench.clock.pass(CHECK_MS + 1_000);
    bench.change(openTo(), '3');
    await bench.clock.settle();
    heal(bench);
    await bench.clock.pass(11_000);
    expect(bench.loop.status()).toMatchObject({
      notInForce: [],
      pending: false,
      failures: 0,
      appliedResourceVersions: { pods: '3' },
    });
    expect(reaches(bench.host, STRANGER)).toBe(false);
    expect(reachesV6(bench, 'fd00::99')).toBe(false);
  });
});

test('at the start the working family is in force, and the failed one has nothing of the agent', async () => {
  const bench = setUpBench();
  failIn(bench, 'iptables save', 'ipv6');
  await bench.clock.pass(200);
  expect(reaches(bench.host, API)).toBe(true);
  expect(reaches(bench.host, STRANGER)).toBe(false);
  expect(bench.loop.status()).toMatchObject({
    ready: true,
    notInForce: [{ part: 'ipv6', holds: 'nothing of this agent' }],
  });
});

test('IPv6 works while IPv4 fails', async () => {
  const bench = await readyBench();
  failIn(bench, 'iptables restore', 'ipv4');
  bench.change(openTo(), '2');
  await bench.clock.pass(500);
  expect(bench.loop.status()).toMatchObject({ notInForce: [{ part: 'ipv4' }], pending: true });
  expect(reachesV6(bench, 'fd00::99')).toBe(false);
});

test('nothing is in force if both families fail, and the pass fails as a whole', async () => {
  const bench = await readyBench();
  bench.host.failure = (step) => (step.kind === 'iptables restore' ? 'no space left' : undefined);
  bench.change(openTo('db'), '2');
  await bench.clock.pass(10_000);
  expect(bench.results.every(({ outcome }) => outcome === 'failed')).toBe(true);
  expect(bench.loop.status().failures).toBeGreaterThan(4);
  heal(bench);
  await bench.clock.pass(11_000);
  expect(bench.loop.status()).toMatchObject({ failures: 0, notInForce: [], appliedResourceVersions: { pods: '2' } });
});

test('a failed family is retried at the same intervals as a whole pass', async () => {
  const bench = await readyBench();
  failIn(bench, 'iptables restore', 'ipv6');
  bench.change(openTo('db'), '2');
  await bench.clock.pass(60_000);
  const attempts = bench.steps.filter((kind) => kind === 'iptables restore').length;
  await bench.clock.pass(60_000);
  // Six in a minute, each with its trials to find a policy to blame.
  expect(bench.steps.filter((kind) => kind === 'iptables restore').length - attempts).toBeLessThan(20);
});
