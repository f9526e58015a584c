import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createEventLog } from '../../../src/cli/ui/event-log.ts';
import { followCluster } from '../../../src/cli/ui/follow-cluster.ts';
import { followFolder } from '../../../src/cli/ui/follow-folder.ts';
import { createManifestSource } from '../../../src/cluster/manifest-source.ts';
import { createSystemClock } from '../../../src/kernel/clock.ts';
import type { Entry, Meta } from '../../../src/page/entries.ts';
import { runVerbs } from '../../support/run-verbs.ts';
import { waitFor } from '../../support/wait-for.ts';

const WAIT_MS = 20_000;

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, ports: [{containerPort: 80}]}]}}
`;

const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}}
`;

interface Published {
  readonly meta: Omit<Meta, 'leftOut'>;
  readonly entries: readonly Entry[];
}

let folder: string;
let end: () => Promise<void> = () => Promise.resolve();
let published: Published[] = [];

const publisher = {
  publish: (meta: Published['meta'], entries: Iterable<Entry>) => void published.push({ meta, entries: [...entries] }),
};

const source = () => createManifestSource({ paths: [folder], clock: createSystemClock(), maxReplicas: 5 });

const waitForEntry = (what: string, isIt: (entry: Entry) => boolean): Promise<Published> =>
  waitFor(
    what,
    WAIT_MS,
    () => Promise.resolve(published.findLast(({ entries }) => entries.some(isIt))),
    () => JSON.stringify(published.at(-1)),
  );

beforeEach(async () => {
  published = [];
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-ui-'));
  await writeFile(path.join(folder, 'web.yaml'), deployment);
});

afterEach(async () => {
  await end();
  await rm(folder, { recursive: true });
});

describe('the state that the page shows', () => {
  test('a folder is published with addresses and workloads, and a change of its policies is an event', async () => {
    end = followFolder(
      source(),
      'test',
      createEventLog(() => 7),
      publisher,
    );
    const first = await waitForEntry('pods', ({ kind }) => kind === 'pod');
    const pods = first.entries.filter((entry) => entry.kind === 'pod');
    expect(pods.map(({ workload, ips }) => [workload, ips.length])).toEqual([
      [{ kind: 'Deployment', name: 'web' }, 1],
      [{ kind: 'Deployment', name: 'web' }, 1],
    ]);
    expect(first.meta).toEqual({ title: 'test', mode: 'folder', observes: false });
    await writeFile(path.join(folder, 'deny.yaml'), policy);
    const changed = await waitForEntry('an event', ({ kind }) => kind === 'event');
    expect(changed.entries.filter(({ kind }) => kind === 'event' || kind === 'policy')).toEqual([
      { kind: 'policy', namespace: 'shop', name: 'deny', spec: { podSelector: {} } },
      { kind: 'event', number: 1, at: 7, what: 'policy', text: 'policy shop/deny created' },
    ]);
  });

  test('a file that cannot be read is a problem that the page shows', async () => {
    end = followFolder(
      source(),
      'test',
      createEventLog(() => 7),
      publisher,
    );
    await writeFile(path.join(folder, 'broken.yaml'), 'kind: [\n');
    const { entries } = await waitForEntry('a problem', ({ kind }) => kind === 'problem');
    expect(entries.find(({ kind }) => kind === 'problem')).toMatchObject({
      text: expect.stringContaining('broken.yaml'),
    });
  });

  test('a cluster is published once it was read in full, with each change', async () => {
    end = followCluster(
      source(),
      'test',
      createEventLog(() => 7),
      publisher,
    );
    const first = await waitForEntry('a namespace', ({ kind }) => kind === 'namespace');
    expect(first.meta.mode).toBe('cluster');
    await writeFile(path.join(folder, 'deny.yaml'), policy);
    await waitForEntry('a policy', ({ kind }) => kind === 'policy');
  });
});

describe('portcullis ui', () => {
  test.each([
    [['-f', '/nothing/here'], '/nothing/here: there is no such file or folder'],
    [['-f', '.', '--kubeconfig', 'x'], '-f and --kubeconfig exclude each other'],
    [['-f', '.', '--port', '70000'], '--port 70000: not a port'],
  ])('%j is a wrong command line', async (args, message) => {
    const { code, err } = await runVerbs('ui', ...args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });
});
