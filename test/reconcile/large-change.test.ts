import { describe, expect, test } from '@jest/globals';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { CommandError } from '../../src/kernel/command.ts';
import type { FakeHost, FakeStep } from '../support/fake-kernel/host.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { walk } from '../support/tracer/tracer.ts';
import { type Bench, readyBench, setUpBench } from './bench.ts';

/** A change that is too large for one pass is applied in portions, and delays no other change. */

const WEB = '10.1.1.10';
const SHOP = '10.1.2.10';
const CLIENT = '10.1.2.11';

const PODS = [
  pod('large/web', { app: 'web' }, { ips: [WEB] }),
  pod('shop/shop', { app: 'shop' }, { ips: [SHOP] }),
  pod('shop/client', { app: 'client' }, { ips: [CLIENT] }),
];

/** Allows 30 blocks, each with its own except, at a number of port ranges: a rule for each block and seven ranges. */
const large = (ranges: number): PolicyObject =>
  policy('large/web', {
    podSelector: {},
    ingress: [
      {
        from: Array.from({ length: 30 }, (_, at) => ({
          ipBlock: { cidr: `20.0.${at}.0/24`, except: [`20.0.${at}.8/32`] },
        })),
        ports: Array.from({ length: ranges }, (_, at) => ({ port: 2 + 4 * at, endPort: 3 + 4 * at })),
      },
    ],
  });

const small = (port: number): PolicyObject =>
  policy('shop/shop', {
    podSelector: { matchLabels: { app: 'shop' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }], ports: [{ port }] }],
  });

const stateOf = (...policies: readonly PolicyObject[]): ClusterSnapshot =>
  cluster({ large: {}, shop: {} }, PODS, policies);

const reaches = (host: FakeHost, source: string, destination: string, port: number): boolean =>
  walk(host, { source, destination, protocol: 'tcp', port }).verdict === 'accept';

/**
 * What passes to the pod of the large policy: by the first rule and by the last, from an except, and from an unknown
 * source.
 */
const passes = (host: FakeHost, ranges: number): readonly boolean[] => [
  reaches(host, '20.0.0.1', WEB, 2),
  reaches(host, '20.0.29.1', WEB, 4 * ranges - 1),
  reaches(host, '20.0.0.8', WEB, 2),
  reaches(host, '21.0.0.1', WEB, 2),
];

const begin = async (host?: FakeHost): Promise<Bench> => {
  const bench = await readyBench(host);
  bench.change(stateOf(small(80)), 'begin');
  await bench.clock.settle();
  return bench;
};

const RANGES = 350;
/** The same object each time, like from a source. */
const LARGE = large(RANGES);

test('a large policy closes its pods at once, and allows nothing wrong until it is complete', async () => {
  const bench = await begin();
  const seen = new Set<string>();
  bench.host.afterStep = () => {
    seen.add(passes(bench.host, RANGES).join(' '));
  };
  expect(passes(bench.host, RANGES)).toEqual([true, true, true, true]);
  bench.change(stateOf(small(80), LARGE), 'large');
  await bench.clock.settle();
  expect(passes(bench.host, RANGES)).toEqual([true, true, false, false]);
  expect([...seen]).toEqual(['true true true true', 'false false false false', 'true true false false']);
  expect(bench.results.filter(({ isGrowing }) => isGrowing).length).toBeGreaterThan(3);
  expect(bench.loop.status()).toMatchObject({ pending: false, failures: 0 });
});

test('no portion is larger than a restore program takes at once', async () => {
  const bench = await begin();
  const texts: number[] = [];
  bench.host.afterStep = (step) => {
    if (step.kind === 'iptables restore') texts.push(step.text.length);
  };
  bench.change(stateOf(small(80), LARGE), 'large');
  await bench.clock.settle();
  expect(Math.max(...texts)).toBeLessThan(40_000);
});

test('another tenant’s change goes first, whatever is under way', async () => {
  const bench = await begin();
  let changedAt = 0;
  let inForceAt = 0;
  let steps = 0;
  bench.host.afterStep = (step) => {
    if (step.kind !== 'iptables restore') return;
    steps += 1;
    if (steps === 3) {
      changedAt = steps;
      bench.change(stateOf(small(443), LARGE), 'small');
    }
    if (inForceAt === 0 && reaches(bench.host, CLIENT, SHOP, 443)) inForceAt = steps;
  };
  bench.change(stateOf(small(80), LARGE), 'large');
  await bench.clock.settle();
  expect(steps).toBeGreaterThan(6);
  expect(inForceAt - changedAt).toBeLessThanOrEqual(2);
});

test('an agent that restarts closes nothing of what exists', async () => {
  const before = await begin();
  before.change(stateOf(small(80), LARGE), 'large');
  await before.clock.settle();
  // Stale sets are destroyed by the next checks.
  await before.clock.pass(20_000);
  await before.loop.stop();
  const host = before.host;
  const again = setUpBench(host);
  host.afterStep = () => {
    expect(passes(host, RANGES)).toEqual([true, true, false, false]);
  };
  again.put(stateOf(small(80), LARGE), 'again');
  await again.clock.settle();
  expect(again.results[0]).toMatchObject({ outcome: 'unchanged', changes: 0, isGrowing: false });
});

describe('changes to one policy of a large isolation', () => {
  const BLOCKS = 300;
  const blocks = (name: string, of: number): PolicyObject =>
    policy(`large/${name}`, {
      podSelector: {},
      ingress: [
        {
          from: Array.from({ length: BLOCKS }, (_, at) => ({
            ipBlock: { cidr: `${String(of)}.${String(at >> 8)}.${String(at & 255)}.0/26` },
          })),
        },
      ],
    });
  const FIRST = blocks('first', 31);
  const SECOND = blocks('second', 32);
  const THIRD = blocks('third', 33);

  /** Applies one state after the other. @returns the members that the last of them added to sets, by the first number */
  const added = async (...states: readonly ClusterSnapshot[]): Promise<Readonly<Record<string, number>>> => {
    const bench = await begin();
    const counts: Record<string, number> = {};
    bench.host.afterStep = (step) => {
      if (step.kind !== 'ipset line') return;
      const number = /^add \S+ (\d+)\./.exec(step.line)?.[1] ?? '';
      if (number.startsWith('3')) counts[number] = (counts[number] ?? 0) + 1;
    };
    for (const [at, state] of states.entries()) {
      for (const number of Object.keys(counts)) counts[number] = 0;
      bench.change(state, String(at));
      await bench.clock.settle();
      expect(bench.loop.status()).toMatchObject({ pending: false, failures: 0 });
    }
    expect(reaches(bench.host, '31.0.0.1', WEB, 80)).toBe(true);
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  };

  test('an added policy of a large isolation adds its own blocks, and not the existing ones again', async () => {
    expect(await added(stateOf(LARGE, FIRST), stateOf(LARGE, FIRST, SECOND))).toEqual({ '32': BLOCKS });
  });

  test('a changed policy of a large isolation adds only its new blocks', async () => {
    const state = stateOf(LARGE, FIRST, SECOND);
    expect(await added(state, stateOf(LARGE, FIRST, { ...SECOND, spec: THIRD.spec }))).toEqual({ '33': BLOCKS });
  });

  test('a removed policy of a large isolation adds nothing', async () => {
    expect(await added(stateOf(LARGE, FIRST, SECOND), stateOf(LARGE, FIRST))).toEqual({});
  });

  test('a policy that is added during the first one’s portions is added together with it, once', async () => {
    const bench = await begin();
    let lines = 0;
    bench.host.afterStep = (step) => {
      if (step.kind !== 'ipset line' || !step.line.startsWith('add ')) return;
      if (/ 3[12]\./.test(step.line)) lines += 1;
      if (lines === BLOCKS / 2) bench.change(stateOf(LARGE, FIRST, SECOND), 'second');
    };
    bench.change(stateOf(LARGE, FIRST), 'first');
    await bench.clock.settle();
    expect(lines).toBe(2 * BLOCKS);
    expect(reaches(bench.host, '32.0.0.1', WEB, 80)).toBe(true);
  });

  test('a large isolation leaves nothing in the kernel when all its policies are gone', async () => {
    const bench = await begin();
    // Stale sets are destroyed by the next checks.
    await bench.clock.pass(20_000);
    const sets = bench.host.sets.size;
    for (const state of [
      stateOf(LARGE, FIRST),
      stateOf(LARGE, FIRST, SECOND),
      stateOf(LARGE, SECOND, THIRD),
      stateOf(small(80)),
    ]) {
      bench.change(state, String(state.policies.size));
      await bench.clock.settle();
    }
    await bench.clock.pass(20_000);
    expect(bench.host.sets.size).toBe(sets);
  });
});

test('a policy that is deleted during its portions leaves nothing behind', async () => {
  const bench = await begin();
  let steps = 0;
  bench.host.afterStep = (step) => {
    if (step.kind !== 'iptables restore') return;
    steps += 1;
    if (steps === 3) bench.change(stateOf(small(80)), 'deleted');
  };
  const chains = bench.host.tables.ipv4.size;
  bench.change(stateOf(small(80), LARGE), 'large');
  await bench.clock.settle();
  expect(passes(bench.host, RANGES)).toEqual([true, true, true, true]);
  expect(bench.host.tables.ipv4.size).toBe(chains);
});

describe('portions that the kernel rejects', () => {
  const CASES: readonly (readonly [string, (step: FakeStep) => string | undefined])[] = [
    ['is refused', (step) => (isPortion(step) ? 'Memory allocation problem' : undefined)],
    [
      'takes too long',
      (step) => {
        if (isPortion(step)) throw new CommandError('iptables-nft-restore', 'timed out', undefined, '', true);
        return undefined;
      },
    ],
  ];
  const isPortion = (step: FakeStep): boolean => step.kind === 'iptables restore' && step.text.includes('20.0.2.0/24');

  test.each(CASES)(
    'a portion that %s closes only its own pods after one failure, with the reason',
    async (_, failure) => {
      const bench = await begin();
      bench.host.failure = failure;
      bench.change(stateOf(small(443), LARGE), 'large');
      await bench.clock.settle();
      await bench.clock.pass(1_000);
      expect(reaches(bench.host, CLIENT, SHOP, 443)).toBe(true);
      expect(passes(bench.host, RANGES)).toEqual([false, false, false, false]);
      expect(bench.results.filter(({ outcome }) => outcome === 'failed')).toHaveLength(1);
      expect(bench.results.at(-1)?.faults).toMatchObject([{ policy: 'large/web', field: ['spec', 'ingress'] }]);
      bench.change(stateOf(small(8080), LARGE), 'small');
      await bench.clock.settle();
      expect(reaches(bench.host, CLIENT, SHOP, 8080)).toBe(true);
      bench.host.failure = () => undefined;
      await bench.clock.pass(60_000);
      expect(passes(bench.host, RANGES)).toEqual([true, true, false, false]);
    },
  );
});

test('a large policy is not counted as in force before its last portion is', async () => {
  const bench = await begin();
  bench.results.length = 0;
  bench.change(stateOf(small(80), LARGE), 'large');
  await bench.clock.settle();
  const waited = bench.results.map(({ waitedMs, isGrowing }) => [isGrowing, waitedMs !== undefined]);
  expect(waited.length).toBeGreaterThan(1);
  expect(waited.slice(0, -1).every(([isGrowing, counts]) => isGrowing && !counts)).toBe(true);
  expect(waited.at(-1)).toEqual([false, true]);
});
