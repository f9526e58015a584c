import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PATHS, ROOT } from '../../scripts/manifests/paths.ts';
import { connectInCluster } from '../../src/cluster/api/in-cluster.ts';
import { createApiSource } from '../../src/cluster/api-source.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { kubectlPath, kustomized, readObjects, readText, renderedChart } from './objects.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';

/** The real API server's verdict on everything that we ask people to apply. */

const TOKEN = 'token-of-the-agent';
const ACCOUNT = 'system:serviceaccount:kube-system:portcullis';
const WAIT_MS = 60_000;

let server: ApiServer;
let folder: string;
let kubectl: (args: readonly string[], input?: string) => Promise<string>;

const isThere = async (apiPath: string): Promise<true | undefined> =>
  server.admin.get(apiPath).then(
    () => true,
    () => undefined,
  );

beforeAll(async () => {
  server = await startTestApiServer({ tokens: [{ token: TOKEN, user: ACCOUNT, groups: ['system:serviceaccounts'] }] });
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-manifests-'));
  const program = await kubectlPath();
  const { run } = createCommandRunner();
  const common = [`--kubeconfig=${server.kubeconfigPath}`, `--cache-dir=${path.join(folder, 'cache')}`];
  kubectl = (args, input) => run(program, [...common, ...args], input === undefined ? {} : { input });

  await waitFor('kube-system', WAIT_MS, () => isThere('/api/v1/namespaces/kube-system'));
  await waitFor('priority classes', WAIT_MS, () =>
    isThere('/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical'),
  );
  await kubectl(['create', '-f', path.join(ROOT, 'test/manifests/crd-pod-monitor.yaml')]);
  await kubectl(['wait', '--for=condition=established', 'crd/podmonitors.monitoring.coreos.com', '--timeout=25s']);
});

afterAll(async () => {
  await cleanUp(
    () => server.stop(),
    () => removeFolder(folder),
  );
});

const dryRun = (text: string): Promise<string> =>
  kubectl(['apply', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', '-'], text);

/** The pods of a DaemonSet, as far as the API server can distinguish them. */
const podsOf = (text: string): readonly object[] =>
  readObjects(text)
    .filter(({ kind }) => kind === 'DaemonSet')
    .map(({ metadata, spec }) => {
      const { template } = spec as { readonly template: { readonly metadata: object; readonly spec: object } };
      const name = `${metadata.name}-x`;
      return {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...template.metadata, name, namespace: 'kube-system' },
        spec: template.spec,
      };
    });

const SOURCES: readonly (readonly [name: string, text: () => string | Promise<string>])[] = [
  ['manifests/portcullis.yaml', () => readText(PATHS.rendered)],
  ['manifests/cleanup.yaml', () => readText(PATHS.cleanup)],
  ['the chart', () => renderedChart('default')],
  ['the chart with metrics', () => renderedChart('metrics')],
  ['the chart with a PodMonitor', () => renderedChart('pod-monitor')],
  ['the chart with metrics for those who may', () => renderedChart('metrics-auth')],
  ['the chart with a PodMonitor that has a token', () => renderedChart('pod-monitor-auth')],
  ['the chart with the condition', () => renderedChart('pod-condition')],
  ['the chart with every value', () => renderedChart('everything')],
];

describe.each(SOURCES)('%s', (name, text) => {
  test('the API server accepts the manifest without a warning', async () => {
    const rendered = await text();
    const answer = await dryRun(rendered);
    expect(answer.trim().split('\n')).toHaveLength(readObjects(rendered).length);
  });

  test('the manifest creates pods that the API server accepts', async () => {
    const pods = podsOf(await text());
    // With every value set there is also the installer of the CNI plugin.
    expect(pods).toHaveLength(name === 'the chart with every value' ? 2 : 1);
    for (const pod of pods) {
      expect(await kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod))).toContain('created');
    }
  });
});

test('the API server refuses an unknown field, so that the test can fail', async () => {
  const wrong = readText(PATHS.rendered).replace('hostNetwork: true', 'hostNetworking: true');
  await expect(dryRun(wrong)).rejects.toThrow(CommandError);
});

test('the rights of the manifest suffice for the agent and go no further', async () => {
  const account = path.join(folder, 'account');
  await kubectl(['apply', '-f', '-'], await kustomized(PATHS.base));
  const rights = await kubectl(['auth', 'can-i', '--list', `--as=${ACCOUNT}`, '--as-group=', '--no-headers']);
  const resources = rights
    .split('\n')
    .filter((line) => line !== '' && !/^(?:\s|selfsubject)/.test(line))
    .map((line) => line.replace(/\s+/g, ' ').trim());
  expect(resources.toSorted()).toEqual([
    'events.events.k8s.io [] [] [create patch]',
    'namespaces [] [] [get list watch]',
    'networkpolicies.networking.k8s.io [] [] [get list watch]',
    'nodes [] [] [get]',
    'pods [] [] [get list watch]',
  ]);

  await createCommandRunner().run('mkdir', [account]);
  await writeFile(path.join(account, 'token'), TOKEN);
  await writeFile(path.join(account, 'ca.crt'), server.ca);
  const { hostname, port } = new URL(server.url);
  const source = createApiSource({
    connect: () => connectInCluster({ host: hostname, port, folder: account }),
    clock: createSystemClock(),
    random: () => 0,
  });
  source.start(() => undefined);
  try {
    await waitFor('all three kinds', WAIT_MS, () => Promise.resolve(source.hasSynced() || undefined));
    expect(source.snapshot().namespaces.size).toBeGreaterThan(0);
  } finally {
    await source.stop();
  }
});
