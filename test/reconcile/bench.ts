import type { ClusterSnapshot } from '../../src/model/snapshot.ts';
import { createReconciler, type Reconciler, type ReconcilerOptions } from '../../src/reconcile/reconciler.ts';
import type { SyncResult } from '../../src/reconcile/sync-result.ts';
import { createFakeKernel } from '../support/fake-kernel/fake-kernel.ts';
import { createFakeHost, type FakeHost, type FakeStep } from '../support/fake-kernel/host.ts';
import { cluster, pod, policy } from '../support/small-cluster.ts';
import { walk } from '../support/tracer/tracer.ts';
import { createDrivenClock, type DrivenClock } from './driven-clock.ts';

/** A loop over fakes, with a record of everything that it reports and does. */
export interface Bench {
  readonly clock: DrivenClock;
  readonly host: FakeHost;
  readonly loop: Reconciler;
  readonly results: SyncResult[];
  /** The kinds of the kernel's steps, in order. */
  readonly steps: FakeStep['kind'][];
  /** Replaces the cluster's state without triggering the loop. */
  put(snapshot: ClusterSnapshot, revision: string): void;
  /** Replaces it and triggers the loop. */
  change(snapshot: ClusterSnapshot, revision: string): void;
  setSynced(synced: boolean): void;
}

export const CHECK_MS = 5_000;

export const WEB = '10.1.1.10';
export const API = '10.1.1.11';

const web = pod('shop/web', { app: 'web' }, { ips: [WEB, 'fd00::10'] });
const api = pod('shop/api', { app: 'api' }, { ips: [API] });

/** Returns a cluster where only the pods with these labels reach web. */
export const openTo = (...apps: readonly string[]): ClusterSnapshot =>
  cluster(
    { shop: {} },
    [web, api],
    [
      policy('shop/web', {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: apps.map((app) => ({ from: [{ podSelector: { matchLabels: { app } } }] })),
      }),
    ],
  );

/** Returns a cluster in which web is isolated and pods labelled api may reach it, with the given addresses. */
export const withPeers = (...ips: readonly string[]): ClusterSnapshot =>
  cluster(
    { shop: {} },
    [web, ...ips.map((ip) => pod(`shop/api-${ip}`, { app: 'api' }, { ips: [ip] }))],
    [
      policy('shop/web', {
        podSelector: { matchLabels: { app: 'web' } },
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }],
      }),
    ],
  );

export const setUpBench = (
  host: FakeHost = createFakeHost(),
  options: Partial<ReconcilerOptions> = {},
  synced = true,
): Bench => {
  const clock = createDrivenClock();
  const results: SyncResult[] = [];
  const steps: FakeStep['kind'][] = [];
  const state = { snapshot: openTo('api'), revision: '1', synced };
  const fail = host.failure;
  host.failure = (step) => {
    steps.push(step.kind);
    return fail(step);
  };
  const loop = createReconciler(
    { node: 'n1', checkIntervalMs: CHECK_MS, program: {}, ...options },
    {
      source: {
        hasSynced: () => state.synced,
        snapshot: () => state.snapshot,
        revisions: () => ({ pods: state.revision }),
      },
      kernel: createFakeKernel(host),
      clock,
      report: (result) => results.push(result),
    },
  );
  const put = (snapshot: ClusterSnapshot, revision: string): void => {
    Object.assign(state, { snapshot, revision });
  };
  return {
    clock,
    host,
    loop,
    results,
    steps,
    put,
    change(snapshot, revision) {
      put(snapshot, revision);
      loop.trigger();
    },
    setSynced(now) {
      state.synced = now;
    },
  };
};

/** Returns a bench whose first programming is done. */
export const readyBench = async (host?: FakeHost, options?: Partial<ReconcilerOptions>): Promise<Bench> => {
  const bench = setUpBench(host, options);
  await bench.clock.settle();
  bench.results.length = 0;
  bench.steps.length = 0;
  return bench;
};

/** Reports whether a new connection from there to port 80 of web passes. */
export const reaches = (host: FakeHost, source: string): boolean =>
  walk(host, { source, destination: WEB, protocol: 'tcp', port: 80 }).verdict === 'accept';

/** Deletes every rule of the IPv4 table, like another program. */
export const flush = (host: FakeHost): void => {
  host.tables.ipv4 = new Map([...host.tables.ipv4].map(([name, chain]) => [name, { ...chain, rules: [] }]));
};

/** Makes the host refuse all steps of a kind, or none. */
export const refuse = (bench: Bench, kind: FakeStep['kind'] | undefined): void => {
  bench.host.failure = (step) => {
    bench.steps.push(step.kind);
    return step.kind === kind ? 'no space left' : undefined;
  };
};
