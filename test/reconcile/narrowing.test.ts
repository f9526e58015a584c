import { describe, expect, test } from '@jest/globals';
import type { PolicyObject } from '../../src/model/policy-object.ts';
import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import type { FakeHost, FakeStep } from '../support/fake-kernel/host.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { walk } from '../support/tracer/tracer.ts';
import { type Bench, readyBench } from './bench.ts';

/** A policy that the kernel rejects closes its own pods, and delays nothing else. */

const WEB = '10.1.1.10';
const SHOP = '10.1.1.11';
const CLIENT = '10.1.1.12';
const MINUTE = 60_000;

const pods = [
  pod('a/web', { app: 'web' }, { ips: [WEB] }),
  pod('a/shop', { app: 'shop' }, { ips: [SHOP] }),
  pod('a/client', { app: 'client', tier: 'x' }, { ips: [CLIENT] }),
];

const known = new Map<string, PolicyObject>();

/** The same object for the same policy, like from a source. */
const allow = (app: string, from: object, port: number): PolicyObject => {
  const spec = {
    podSelector: { matchLabels: { app } },
    ingress: [{ from: [{ podSelector: { matchLabels: from } }], ports: [{ port }] }],
  };
  const key = JSON.stringify(spec);
  const object = known.get(key) ?? policy(`a/${app}`, spec);
  known.set(key, object);
  return object;
};

/** Both pods admit the client, each at its port. */
const state = (web: object, webPort: number, shopPort: number): ClusterSnapshot =>
  cluster({ a: {} }, pods, [allow('web', web, webPort), allow('shop', { app: 'client' }, shopPort)]);

const reaches = (host: FakeHost, destination: string, port: number): boolean =>
  walk(host, { source: CLIENT, destination, protocol: 'tcp', port }).verdict === 'accept';

const begin = async (): Promise<Bench> => {
  const bench = await readyBench();
  bench.change(state({ app: 'client' }, 80, 80), 'begin');
  await bench.clock.settle();
  expect([reaches(bench.host, WEB, 80), reaches(bench.host, SHOP, 80)]).toEqual([true, true]);
  return bench;
};

const refuseIf = (bench: Bench, isRefused: (step: FakeStep) => boolean): void => {
  bench.host.failure = (step) => (isRefused(step) ? 'Invalid argument' : undefined);
};

/** Rejects lines that create or fill a set that only web's new policy needs. */
const newSets = (step: FakeStep): boolean => step.kind === 'ipset line' && step.line.startsWith('create portcullis-4-');
/** Rejects the new rule of web, in any chain. */
const newRule = (step: FakeStep): boolean => step.kind === 'iptables restore' && step.text.includes('--dport 4242');

const CASES: readonly (readonly [string, (step: FakeStep) => boolean, object, number])[] = [
  ['a set', newSets, { tier: 'x' }, 4242],
  ['a rule', newRule, { app: 'client' }, 4242],
];

describe.each(CASES)('rejected changes: %s of one policy', (_, isRefused, from, port) => {
  test('the pods of a rejected policy are closed with the reason, and others are brought up to date', async () => {
    const bench = await begin();
    refuseIf(bench, isRefused);
    bench.change(state(from, port, 8080), 'next');
    await bench.clock.pass(2_000);
    const { host, loop } = bench;
    expect([reaches(host, WEB, 80), reaches(host, WEB, port)]).toEqual([false, false]);
    expect([reaches(host, SHOP, 80), reaches(host, SHOP, 8080)]).toEqual([false, true]);
    expect(loop.status()).toMatchObject({ failures: 0, pending: false, appliedResourceVersions: { pods: 'next' } });
    expect(bench.results.at(-1)?.faults).toMatchObject([
      { policy: 'a/web', field: ['spec', 'ingress'], message: expect.stringContaining('Invalid argument') as unknown },
    ]);
  });

  test('later changes of other policies are not delayed, and nothing is left of the attempts', async () => {
    const bench = await begin();
    refuseIf(bench, isRefused);
    bench.change(state(from, port, 8080), 'next');
    await bench.clock.pass(2_000);
    bench.change(state(from, port, 9090), 'later');
    await bench.clock.settle();
    expect(reaches(bench.host, SHOP, 9090)).toBe(true);
    expect([...bench.host.tables.ipv4.keys()].filter((name) => name.startsWith('PORTCULLIS-X-'))).toEqual([]);
  });

  test('the pods of a rejected policy are opened without a trigger when the kernel accepts it', async () => {
    const bench = await begin();
    refuseIf(bench, isRefused);
    bench.change(state(from, port, 8080), 'next');
    await bench.clock.pass(2 * MINUTE);
    expect(reaches(bench.host, WEB, port)).toBe(false);
    expect(bench.loop.status().failures).toBe(0);
    refuseIf(bench, () => false);
    await bench.clock.pass(5 * MINUTE);
    expect(reaches(bench.host, WEB, port)).toBe(true);
    expect(bench.results.at(-1)?.faults).toEqual([]);
  });

  test('a rejected policy that changes is tried at once', async () => {
    const bench = await begin();
    refuseIf(bench, isRefused);
    bench.change(state(from, port, 8080), 'next');
    await bench.clock.pass(2_000);
    bench.change(state({ app: 'client' }, 7070, 8080), 'mended');
    await bench.clock.settle();
    expect(reaches(bench.host, WEB, 7070)).toBe(true);
  });
});

test.each<[string, FakeStep['kind']]>([
  ['iptables-restore', 'iptables restore'],
  ['ipset', 'ipset line'],
])('nothing is closed if %s refuses everything: the old rules stay', async (_, kind) => {
  const bench = await begin();
  refuseIf(bench, (step) => step.kind === kind);
  bench.change(state({ tier: 'x' }, 4242, 8080), 'next');
  await bench.clock.pass(MINUTE);
  expect([reaches(bench.host, WEB, 80), reaches(bench.host, SHOP, 80)]).toEqual([true, true]);
  expect(bench.loop.status()).toMatchObject({ ready: true, appliedResourceVersions: { pods: 'begin' } });
  expect(bench.loop.status().failures).toBeGreaterThan(5);
  refuseIf(bench, () => false);
  await bench.clock.pass(10_000);
  expect([reaches(bench.host, WEB, 4242), reaches(bench.host, SHOP, 8080)]).toEqual([true, true]);
});

test('a member that a set in use rejects closes the pods whose rules name the set', async () => {
  const bench = await begin();
  const grown = (ip: string): ClusterSnapshot =>
    cluster(
      { a: {} },
      [...pods, pod('a/more', { app: 'client' }, { ips: [ip] })],
      [allow('web', { app: 'client' }, 80), policy('a/shop', { podSelector: { matchLabels: { app: 'shop' } } })],
    );
  refuseIf(bench, (step) => step.kind === 'ipset line' && step.line.endsWith(' 10.1.1.99'));
  bench.change(grown('10.1.1.99'), 'next');
  await bench.clock.pass(2_000);
  expect(reaches(bench.host, WEB, 80)).toBe(false);
  expect(reaches(bench.host, SHOP, 80)).toBe(false);
  expect(bench.loop.status()).toMatchObject({ failures: 0, appliedResourceVersions: { pods: 'next' } });
});
