import { describe, expect, test } from '@jest/globals';
import { walk } from '../support/tracer/tracer.ts';
import { createFakeHost, type FakeHost } from '../support/fake-kernel/host.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { CHECK_MS, openTo, readyBench, refuse, setUpBench, withPeers } from './bench.ts';

const WEB = '10.1.1.10';
const API = '10.1.1.11';

const reaches = (host: FakeHost, source: string): boolean =>
  walk(host, { source, destination: WEB, protocol: 'tcp', port: 80 }).verdict === 'accept';

/** Somebody else deletes every rule of the IPv4 table. */
const flush = (host: FakeHost): void => {
  host.tables.ipv4 = new Map([...host.tables.ipv4].map(([name, chain]) => [name, { ...chain, rules: [] }]));
};

describe('before the source is complete', () => {
  test('the kernel is neither read nor written, however long it takes', async () => {
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
      applied: {},
      lastCheck: undefined,
      lastChange: undefined,
    });
  });

  test('the loop shows signs of life', async () => {
    const bench = setUpBench(createFakeHost(), {}, false);
    await bench.clock.pass(60_000);
    expect(bench.clock.now() - bench.loop.status().heartbeatAt).toBeLessThan(100);
  });

  test('programming begins as soon as it is', async () => {
    const bench = setUpBench(createFakeHost(), {}, false);
    await bench.clock.pass(1_000);
    bench.setSynced(true);
    bench.loop.trigger();
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'start', outcome: 'applied' }]);
    expect(reaches(bench.host, API)).toBe(true);
    expect(reaches(bench.host, '203.0.113.7')).toBe(false);
  });

  test('nobody has to say so', async () => {
    const bench = setUpBench(createFakeHost(), {}, false);
    await bench.clock.pass(1_000);
    bench.setSynced(true);
    await bench.clock.pass(50);
    expect(bench.loop.status()).toMatchObject({ ready: true, pending: false, applied: { pods: '1' } });
  });
});

describe('the first programming', () => {
  test('is read back', async () => {
    const bench = setUpBench();
    await bench.clock.settle();
    expect(bench.steps.filter((kind) => kind === 'ipset save')).toHaveLength(2);
    expect(bench.results).toMatchObject([{ reason: 'start', outcome: 'applied', drift: 0, error: undefined }]);
    expect(bench.results[0]?.changes).toBeGreaterThan(10);
  });

  test('adopts what an earlier agent left, without one write', async () => {
    const { host, loop } = await readyBench();
    await loop.stop();
    const bench = setUpBench(host);
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'start', outcome: 'unchanged', changes: 0, drift: 0 }]);
    expect(bench.steps).toEqual(['ipset save', 'iptables save', 'iptables save']);
    expect(bench.loop.status().ready).toBe(true);
  });

  test('does not count what it finds as drift', async () => {
    const { host, loop } = await readyBench();
    await loop.stop();
    const bench = setUpBench(host);
    bench.put(openTo('db'), '9');
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'start', outcome: 'applied', drift: 0 }]);
    expect(bench.loop.status().lastCheck).toMatchObject({ differences: 0 });
  });

  test('that does not hold is a failure, and not ready', async () => {
    const host = createFakeHost();
    host.afterStep = (step) => {
      if (step.kind === 'iptables restore' && step.family === 'ipv4') flush(host);
    };
    const bench = setUpBench(host);
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ outcome: 'failed', program: undefined }]);
    expect(bench.results[0]?.error).toContain('the kernel holds something else than was written; missing: ');
    expect(bench.loop.status()).toMatchObject({ ready: false, failures: 1, applied: {}, pending: true });
    host.afterStep = () => undefined;
    await bench.clock.pass(100);
    expect(bench.loop.status()).toMatchObject({ ready: true, failures: 0, lastError: undefined });
  });
});

describe('a change', () => {
  test('acts at once, without reading the kernel', async () => {
    const bench = await readyBench();
    bench.change(openTo(), '2');
    expect(bench.loop.status().pending).toBe(true);
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'change', outcome: 'applied', durationMs: 0 }]);
    expect(bench.steps).not.toContain('ipset save');
    expect(bench.steps).not.toContain('iptables save');
    expect(reaches(bench.host, API)).toBe(false);
    expect(bench.loop.status()).toMatchObject({ pending: false, applied: { pods: '2' } });
  });

  test('of membership alone never touches iptables', async () => {
    const bench = await readyBench();
    bench.change(withPeers('10.1.1.50', '10.1.1.51'), '2');
    await bench.clock.settle();
    expect(bench.steps).toEqual(['ipset line', 'ipset line', 'ipset line']);
    expect([API, '10.1.1.50', '10.1.1.51'].map((source) => reaches(bench.host, source))).toEqual([false, true, true]);
  });

  test('that changes nothing here writes nothing', async () => {
    const bench = await readyBench();
    const elsewhere = pod('shop/other', { app: 'db' }, { node: 'n2', ips: ['10.1.2.9'] });
    const before = openTo('api');
    bench.change({ ...before, pods: new Map([...before.pods, [elsewhere.uid, elsewhere]]) }, '2');
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'change', outcome: 'unchanged', changes: 0 }]);
    expect(bench.steps).toEqual([]);
    expect(bench.loop.status().applied).toEqual({ pods: '2' });
  });

  test('in a burst is one pass, with the newest state', async () => {
    const bench = await readyBench();
    for (let at = 2; at <= 100; at += 1) bench.change(withPeers(`10.1.1.${at}`), String(at));
    await bench.clock.settle();
    expect(bench.results).toHaveLength(1);
    expect(bench.loop.status().applied).toEqual({ pods: '100' });
    expect(reaches(bench.host, '10.1.1.100')).toBe(true);
    expect(reaches(bench.host, '10.1.1.99')).toBe(false);
  });

  test('during a pass leads to one more, however many there were', async () => {
    const bench = await readyBench();
    let told = 0;
    bench.host.afterStep = () => {
      told += 1;
      if (told <= 3) bench.change(withPeers(`10.1.1.${60 + told}`), `later-${told}`);
    };
    bench.change(withPeers('10.1.1.50', '10.1.1.51', '10.1.1.52'), '2');
    await bench.clock.settle();
    expect(bench.results).toMatchObject([
      { reason: 'change', outcome: 'applied' },
      { reason: 'change', outcome: 'applied' },
    ]);
    expect(bench.loop.status()).toMatchObject({ pending: false, applied: { pods: 'later-3' } });
    expect(reaches(bench.host, '10.1.1.63')).toBe(true);
    expect(reaches(bench.host, '10.1.1.50')).toBe(false);
  });

  test('that came too late for a pass is not reported as in force', async () => {
    const bench = await readyBench();
    bench.host.afterStep = () => {
      bench.host.afterStep = () => undefined;
      bench.put(openTo(), 'too late');
    };
    bench.change(withPeers('10.1.1.50'), '2');
    await bench.clock.settle();
    expect(bench.loop.status().applied).toEqual({ pods: '2' });
    expect(reaches(bench.host, '10.1.1.50')).toBe(true);
  });

  test('tells what is isolated and what could not be compiled', async () => {
    const bench = await readyBench();
    bench.change(
      cluster(
        { shop: {} },
        [pod('shop/web', {}, { ips: [WEB] }), pod('shop/api', {}, { ips: [API] })],
        [
          policy('shop/good', { podSelector: {}, policyTypes: ['Egress'] }),
          policy('shop/bad', { podSelector: { matchLabels: { app: 'none' } }, ingress: 'all' }),
        ],
      ),
      '2',
    );
    await bench.clock.settle();
    expect(bench.results).toMatchObject([
      { isolatedPods: { ingress: 0, egress: 2 }, faults: [{ policy: 'shop/bad', field: ['spec', 'ingress'] }] },
    ]);
    expect([...(bench.results[0]?.program?.ipv4.sets.keys() ?? [])]).toEqual([
      'portcullis-4-governed',
      'portcullis-4-held',
    ]);
  });
});

describe('a failure', () => {
  test('leaves the old rules, and is tried again without being asked', async () => {
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
      applied: { pods: '1' },
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
      applied: { pods: '2' },
    });
    expect(reaches(bench.host, API)).toBe(false);
  });

  test('waits longer after each, up to ten seconds', async () => {
    const bench = await readyBench();
    refuse(bench, 'ipset line');
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

  test('is not tried faster because changes come in', async () => {
    const bench = await readyBench();
    refuse(bench, 'iptables restore');
    bench.change(openTo('db'), '2');
    await bench.clock.settle();
    for (let at = 0; at < 50; at += 1) bench.change(openTo('cache'), `more-${at}`);
    await bench.clock.settle();
    expect(bench.results).toHaveLength(1);
    refuse(bench, undefined);
    await bench.clock.pass(100);
    expect(bench.loop.status().applied).toEqual({ pods: 'more-49' });
  });

  test('makes the kernel unknown: it is read before the next try, and read back after', async () => {
    const bench = await readyBench();
    refuse(bench, 'iptables restore');
    bench.change(openTo('db'), '2');
    await bench.clock.settle();
    flush(bench.host);
    bench.steps.length = 0;
    refuse(bench, undefined);
    await bench.clock.pass(100);
    expect(bench.steps.slice(0, 3)).toEqual(['ipset save', 'iptables save', 'iptables save']);
    expect(bench.steps.filter((kind) => kind === 'ipset save')).toHaveLength(2);
    expect(reaches(bench.host, '203.0.113.7')).toBe(false);
  });

  test.each(['ipset save', 'iptables save'] as const)('of %s assumes nothing', async (kind) => {
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

  test('to destroy a set is none', async () => {
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

describe('the check', () => {
  test('comes after the interval, reads and writes nothing where all is well', async () => {
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

  test('goes on for ever', async () => {
    const bench = await readyBench();
    await bench.clock.pass(10 * CHECK_MS);
    expect(bench.results).toHaveLength(10);
  });

  test('finds, counts, repairs and reads back what somebody else changed', async () => {
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

  test('tells what somebody else changed though the first repair fails', async () => {
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

  test('does not take a change of policy for drift', async () => {
    const bench = await readyBench();
    bench.put(openTo('db'), '2');
    await bench.clock.pass(CHECK_MS - 1);
    bench.loop.trigger();
    await bench.clock.pass(1);
    expect(bench.results.map(({ drift }) => drift)).toEqual(bench.results.map(() => 0));
    expect(bench.loop.status().applied).toEqual({ pods: '2' });
  });

  test('tells drift apart from a change that comes with it', async () => {
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

describe('stop', () => {
  test('leaves everything as it is, and does nothing more', async () => {
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

  test('finishes the pass under way', async () => {
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

  test('takes back a pass that is only due', async () => {
    const bench = await readyBench();
    bench.change(openTo(), '2');
    await bench.loop.stop();
    await bench.clock.pass(CHECK_MS);
    expect(bench.results).toEqual([]);
  });
});
