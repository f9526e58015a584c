import { describe, expect, test } from '@jest/globals';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { API, openTo, reaches, readyBench, WEB, withPeers } from './bench.ts';

describe('changes of the cluster', () => {
  test('a change acts at once, without reading the kernel', async () => {
    const bench = await readyBench();
    bench.change(openTo(), '2');
    expect(bench.loop.status().pending).toBe(true);
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'change', outcome: 'applied', durationMs: 0 }]);
    expect(bench.steps).not.toContain('ipset save');
    expect(bench.steps).not.toContain('iptables save');
    expect(reaches(bench.host, API)).toBe(false);
    expect(bench.loop.status()).toMatchObject({ pending: false, appliedResourceVersions: { pods: '2' } });
  });

  test('a change of membership alone does not run iptables', async () => {
    const bench = await readyBench();
    bench.change(withPeers('10.1.1.50', '10.1.1.51'), '2');
    await bench.clock.settle();
    expect(bench.steps).toEqual(['ipset line', 'ipset line', 'ipset line']);
    expect([API, '10.1.1.50', '10.1.1.51'].map((source) => reaches(bench.host, source))).toEqual([false, true, true]);
  });

  test('a change that does not concern the node writes nothing', async () => {
    const bench = await readyBench();
    const elsewhere = pod('shop/other', { app: 'db' }, { node: 'n2', ips: ['10.1.2.9'] });
    const before = openTo('api');
    bench.change({ ...before, pods: new Map([...before.pods, [elsewhere.uid, elsewhere]]) }, '2');
    await bench.clock.settle();
    expect(bench.results).toMatchObject([{ reason: 'change', outcome: 'unchanged', changes: 0 }]);
    expect(bench.steps).toEqual([]);
    expect(bench.loop.status().appliedResourceVersions).toEqual({ pods: '2' });
  });

  test('a burst of changes is one pass with the newest state', async () => {
    const bench = await readyBench();
    for (let at = 2; at <= 100; at += 1) bench.change(withPeers(`10.1.1.${at}`), String(at));
    await bench.clock.settle();
    expect(bench.results).toHaveLength(1);
    expect(bench.results[0]?.waitedMs).toBe(0);
    expect(bench.loop.status().appliedResourceVersions).toEqual({ pods: '100' });
    expect(reaches(bench.host, '10.1.1.100')).toBe(true);
    expect(reaches(bench.host, '10.1.1.99')).toBe(false);
  });

  test('changes during a pass lead to exactly one more pass', async () => {
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
    expect(bench.loop.status()).toMatchObject({ pending: false, appliedResourceVersions: { pods: 'later-3' } });
    expect(reaches(bench.host, '10.1.1.63')).toBe(true);
    expect(reaches(bench.host, '10.1.1.50')).toBe(false);
  });

  test('a change that came too late for a pass is not reported as in force', async () => {
    const bench = await readyBench();
    bench.host.afterStep = () => {
      bench.host.afterStep = () => undefined;
      bench.put(openTo(), 'too late');
    };
    bench.change(withPeers('10.1.1.50'), '2');
    await bench.clock.settle();
    expect(bench.loop.status().appliedResourceVersions).toEqual({ pods: '2' });
    expect(reaches(bench.host, '10.1.1.50')).toBe(true);
  });

  test('a change’s result has the isolated pods and the faults', async () => {
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
