import { describe, expect, test } from '@jest/globals';
import type { ConnectionSelection, TrackedConnection } from '../../src/model/connection.ts';
import type { NodePolicy } from '../../src/policy/node-policy.ts';
import { compileNodePolicy } from '../../src/policy/compile.ts';
import { createReview, type ReviewResult } from '../../src/reconcile/review.ts';
import { openingOf } from '../../src/trace/connection-judge.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { createDrivenClock } from './driven-clock.ts';

const WEB = '10.1.1.10';
const API = '10.1.1.11';
const STRANGER = '203.0.113.7';
const OWN = '10.1.1.1';

const allowFrom = (...addresses: readonly string[]): NodePolicy =>
  compileNodePolicy(
    cluster(
      { shop: {} },
      [pod('shop/web', {}, { ips: [WEB] })],
      [
        policy('shop/p', {
          podSelector: {},
          ingress: [{ from: addresses.map((ip) => ({ ipBlock: { cidr: `${ip}/32` } })) }],
        }),
      ],
    ),
    'n1',
  );

const NOTHING: NodePolicy = { isolations: [], faults: [] };

const live = (id: number, from: string, to: string): TrackedConnection => ({
  family: 'ipv4',
  protocol: 6,
  original: { source: from, sourcePort: id, destination: to, destinationPort: 80, icmp: undefined, zone: 0 },
  reply: { source: to, sourcePort: 80, destination: from, destinationPort: id, icmp: undefined, zone: 0 },
  zone: 0,
  id,
});

const CHANGED = { outcome: 'applied', reason: 'change' } as const;

const setUp = () => {
  const clock = createDrivenClock();
  const bench = {
    clock,
    policy: allowFrom(API),
    table: [live(1, API, WEB), live(2, STRANGER, WEB), live(3, STRANGER, API), live(4, OWN, WEB)],
    lists: 0,
    /** Whether the table can be read cheaply. */
    glances: false,
    /** Time to read the table. */
    takesMs: 0,
    /** Called while the table is read. */
    meanwhile: (): void => undefined,
    refusal: undefined as string | undefined,
    /** Whether the reopen guard can hold what is cut. */
    holds: true,
    /** The ends that were reviewed by themselves. */
    ends: [] as string[][],
    /** Source ports of connections that the kernel picked up in the middle. */
    pickedUp: [] as number[],
    cut: [] as number[],
    released: [] as number[],
    results: [] as ReviewResult[],
  };
  const selected = ({ concerns, selects }: ConnectionSelection): readonly TrackedConnection[] =>
    bench.table.filter((each) => concerns(each.original.source, each.reply.source) && selects(openingOf(each)));
  const review = createReview({
    families: () => ['ipv4'],
    clock,
    policy: () => bench.policy,
    report: (result) => {
      bench.results.push(result);
    },
    connections: {
      pickedUp: (found) =>
        Promise.resolve(found.filter(({ original }) => bench.pickedUp.includes(original.sourcePort))),
      async glance(_, selection) {
        if (!bench.glances) return undefined;
        await Promise.resolve();
        bench.meanwhile();
        return selected(selection).map((each) => ({ ...each, id: undefined }));
      },
      async list(_, selection) {
        bench.lists += 1;
        const { takesMs } = bench;
        if (takesMs > 0) await new Promise<void>((resolve) => clock.after(takesMs, resolve));
        if (bench.refusal !== undefined) throw new Error(bench.refusal);
        bench.meanwhile();
        return selected(selection);
      },
      listEnds(addresses, selection) {
        bench.ends.push([...addresses]);
        const isAsked = ({ original, reply }: TrackedConnection): boolean =>
          addresses.includes(original.source) || addresses.includes(reply.source);
        return Promise.resolve(selected(selection).filter(isAsked));
      },
      hold: () => (bench.holds ? Promise.resolve() : Promise.reject(new Error('Hash is full'))),
      ownAddresses: () => Promise.resolve(new Set([OWN])),
      cut(connections) {
        bench.cut.push(...connections.map(({ id }) => id));
        bench.table = bench.table.filter((each) => !connections.includes(each));
        return Promise.resolve(connections.length);
      },
      release(connections) {
        bench.released.push(...connections.map(({ original }) => original.sourcePort));
        return Promise.resolve();
      },
    },
  });
  return { ...bench, bench, review };
};

describe('connection review', () => {
  test('the review cuts denied connections only', async () => {
    const { bench, clock, review } = setUp();
    review.after(CHANGED);
    await clock.pass(100);
    expect(bench.cut).toEqual([2]);
    expect(bench.results).toMatchObject([{ cut: 1, error: undefined }]);
  });

  test('the review leaves time between two reviews under constant change, the more the longer they take', async () => {
    const { bench, clock, review } = setUp();
    const churn = async (seconds: number): Promise<number> => {
      const before = bench.lists;
      for (let change = 0; change < 20 * seconds; change += 1) {
        review.after(CHANGED);
        await clock.pass(50);
      }
      return bench.lists - before;
    };
    // One each 1.2 s, and the work between.
    expect(await churn(12)).toBe(10);
    bench.takesMs = 1_000;
    await churn(6);
    expect(await churn(50)).toBeLessThanOrEqual(11);
  });

  test('the review does not read the table if no pod is isolated', async () => {
    const { bench, clock, review } = setUp();
    bench.policy = NOTHING;
    review.after(CHANGED);
    await clock.pass(10_000);
    expect(bench.lists).toBe(0);
  });

  test('the review judges by the policy that was in force when the table was read', async () => {
    const { bench, clock, review } = setUp();
    bench.meanwhile = () => {
      bench.policy = allowFrom(STRANGER);
    };
    review.after(CHANGED);
    await clock.pass(100);
    expect(bench.cut).toEqual([1]);
  });
});

describe('reviews with the kernel’s file', () => {
  const glancing = () => {
    const set = setUp();
    set.bench.glances = true;
    return set;
  };
  const reviewOnce = async ({ clock, review }: ReturnType<typeof setUp>): Promise<void> => {
    review.after(CHANGED);
    await clock.pass(100);
  };

  test('the review reads the list only if something must be cut', async () => {
    const set = glancing();
    await reviewOnce(set);
    expect(set.bench).toMatchObject({ lists: 1, cut: [2] });
    await set.clock.pass(10_000);
    await reviewOnce(set);
    expect(set.bench).toMatchObject({ lists: 1, cut: [2] });
    expect(set.bench.results).toMatchObject([{ cut: 1 }, { cut: 0, error: undefined }]);
  });

  test('a pass that ends while the file is read counts for the review', async () => {
    const set = glancing();
    set.bench.policy = allowFrom(API, STRANGER);
    set.bench.meanwhile = () => {
      set.bench.policy = allowFrom(STRANGER);
    };
    await reviewOnce(set);
    expect(set.bench.cut).toEqual([1]);
  });

  test('the review does not cut what a pass allows after the file was read', async () => {
    const set = glancing();
    let reads = 0;
    set.bench.meanwhile = () => {
      reads += 1;
      if (reads === 2) set.bench.policy = allowFrom(API, STRANGER);
    };
    await reviewOnce(set);
    expect(set.bench).toMatchObject({ lists: 1, cut: [] });
  });
});

describe('cut connections', () => {
  test('a cut connection leaves the reopen guard once policy allows it again', async () => {
    const { bench, clock, review } = setUp();
    review.after(CHANGED);
    await clock.pass(10_000);
    review.after(CHANGED);
    await clock.pass(10_000);
    expect(bench.released).toEqual([]);
    bench.policy = allowFrom(STRANGER);
    for (let change = 0; change < 2; change += 1) {
      review.after(CHANGED);
      await clock.pass(10_000);
    }
    expect(bench.released).toEqual([2]);
  });

  test('a cut connection is forgotten when the reopen guard no longer contains it', async () => {
    const { bench, clock, review } = setUp();
    review.after(CHANGED);
    await clock.pass(121_000);
    bench.policy = allowFrom(STRANGER);
    review.after(CHANGED);
    await clock.pass(10_000);
    expect(bench.released).toEqual([]);
  });
});

describe('timing of reviews', () => {
  test.each([
    ['applied', 'change', 1],
    ['applied', 'check', 1],
    ['applied', 'start', 1],
    ['unchanged', 'start', 1],
    ['unchanged', 'retry', 1],
    ['unchanged', 'change', 0],
    ['unchanged', 'check', 0],
    ['failed', 'change', 0],
  ] as const)('a pass that ended as %s after a %s leads to %d reviews', async (outcome, reason, times) => {
    const { bench, clock, review } = setUp();
    review.after({ outcome, reason });
    await clock.pass(10_000);
    expect(bench.lists).toBe(times);
  });

  test('the review waits until changes pause', async () => {
    const { bench, clock, review } = setUp();
    for (let change = 0; change < 5; change += 1) {
      review.after(CHANGED);
      await clock.pass(90);
    }
    expect(bench.lists).toBe(0);
    await clock.pass(10);
    expect(bench.lists).toBe(1);
  });

  test('the review waits up to 1.2 s under constant change', async () => {
    const { bench, clock, review } = setUp();
    for (let change = 0; change < 50; change += 1) {
      review.after(CHANGED);
      await clock.pass(50);
    }
    // 2.5 s of changes, one every 50 ms
    expect(bench.lists).toBe(2);
  });

  test('a change during a review leads to another one', async () => {
    const { bench, clock, review } = setUp();
    bench.meanwhile = () => {
      if (bench.lists === 1) review.after(CHANGED);
    };
    review.after(CHANGED);
    await clock.pass(10_000);
    expect(bench.lists).toBe(2);
  });

  test('no review follows the end', async () => {
    const { bench, clock, review } = setUp();
    review.after(CHANGED);
    await review.stop();
    review.after(CHANGED);
    await clock.pass(10_000);
    expect(bench.lists).toBe(0);
  });
});

test('a failed review is reported, and retried at growing intervals until it works', async () => {
  const { bench, clock, review } = setUp();
  bench.refusal = 'conntrack: not found';
  review.after(CHANGED);
  await clock.pass(1_000);
  const soon = bench.lists;
  expect(bench.results[0]).toMatchObject({ cut: 0, error: 'conntrack: not found' });
  expect(soon).toBeGreaterThanOrEqual(3);
  await clock.pass(60_000);
  expect(bench.lists).toBeLessThan(20);
  bench.refusal = undefined;
  await clock.pass(10_000);
  expect(bench.cut).toEqual([2]);
  const times = bench.lists;
  await clock.pass(60_000);
  expect(bench.lists).toBe(times);
});

describe('slow reviews', () => {
  const concerned = (address: string) => ({ ...CHANGED, concerned: new Map([['shop', new Set([address])]]) });

  test('changed pods are reviewed by themselves before a slow review is complete', async () => {
    const { bench, clock, review } = setUp();
    bench.takesMs = 10_000;
    review.after(concerned(WEB));
    await clock.pass(300);
    expect(bench.ends).toEqual([[WEB]]);
    expect(bench.cut).toEqual([2]);
  });

  test('pods that change during a slow review are reviewed by themselves, one namespace at a time', async () => {
    const { bench, clock, review } = setUp();
    bench.takesMs = 10_000;
    review.after(CHANGED);
    await clock.pass(1_000);
    review.after(concerned(WEB));
    review.after({ ...CHANGED, concerned: new Map([['other', new Set([API])]]) });
    await clock.pass(50);
    expect(bench.ends).toEqual([[WEB], [API]]);
    expect(bench.cut).toEqual([2]);
  });

  test('a review checks no namespace separately at the start, when everything has changed', async () => {
    const { bench, clock, review } = setUp();
    bench.takesMs = 10_000;
    review.after({ ...concerned(WEB), reason: 'start' });
    await clock.pass(300);
    expect(bench.ends).toEqual([]);
    await clock.pass(10_000);
    expect(bench.cut).toEqual([2]);
  });

  test('a review checks no namespace separately if reading all connections takes no time', async () => {
    const { bench, clock, review } = setUp();
    for (let change = 0; change < 5; change += 1) {
      review.after(concerned(WEB));
      await clock.pass(2_000);
    }
    expect(bench.ends).toEqual([]);
    expect(bench.cut).toEqual([2]);
  });
});

test('very many connections are cut in rounds until none is left', async () => {
  const { bench, clock, review } = setUp();
  bench.table = Array.from({ length: 20_000 }, (_, at) => live(1 + at, STRANGER, WEB));
  review.after(CHANGED);
  await clock.pass(1_000);
  expect(bench.cut).toHaveLength(20_000);
  expect(bench.results).toMatchObject([{ cut: 20_000, error: undefined }]);
});

describe('connections that the reopen guard cannot hold', () => {
  const stream = (id: number, from: string, to: string): TrackedConnection => ({ ...live(id, from, to), protocol: 17 });

  test('a connection without room in the reopen guard is cut all the same, reported, and cut again if the server’s datagram restored it', async () => {
    const { bench, clock, review } = setUp();
    bench.table = [stream(5, STRANGER, WEB)];
    bench.holds = false;
    review.after(CHANGED);
    await clock.pass(100);
    expect(bench.cut).toEqual([5]);
    expect(bench.results.at(-1)?.error).toBe('Hash is full');
    const again = { ...stream(6, WEB, STRANGER) };
    bench.table = [
      {
        ...again,
        original: { ...again.original, sourcePort: 80, destinationPort: 5 },
        reply: { ...again.reply, sourcePort: 5, destinationPort: 80 },
      },
    ];
    await clock.pass(2_000);
    expect(bench.cut).toEqual([5]);
    bench.holds = true;
    await clock.pass(10_000);
    expect(bench.cut).toEqual([5, 6]);
    expect(bench.results.at(-1)).toMatchObject({ cut: 1, error: undefined });
  });
});
