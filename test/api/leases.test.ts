import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { PATHS } from '../../scripts/manifests/paths.ts';
import { asObject } from '../../src/cluster/raw.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import type { RunningProcess } from '../../src/lab/process.ts';
import { type Installation, openInstallation } from '../support/apiserver/installed-agent.ts';
import { cleanUp } from '../support/clean-up.ts';
import { type CliRun, runVerbs } from '../support/run-verbs.ts';
import { waitFor } from '../support/wait-for.ts';

/** The built agent renews its Lease at a real API server, and `portcullis wait` reads it. */

jest.setTimeout(240_000);

const DEADLINE_MS = 90_000;
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/portcullis-agent-n1';
const runner = createCommandRunner();

let installation: Installation;
let server: Installation['server'];
let agent: RunningProcess;
let lines: string[];
let kubectl: Installation['kubectl'];

const pod = async (name: string, nodeName: string, podIP: string): Promise<void> => {
  const ref = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', labels: { app: name } },
    spec: { nodeName, containers: [{ name: 'main', image: 'none' }] },
  };
  await server.admin.create(ref);
  await server.admin.patchStatus(ref, { podIP, podIPs: [{ ip: podIP }] });
};

const apply = async (name: string, spec: object): Promise<void> => {
  const metadata = { name, namespace: 'shop' };
  const policy = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
  await kubectl(['apply', '-f', '-'], JSON.stringify(policy));
};

const waitForPolicy = (name: string, ...args: readonly string[]): Promise<CliRun> =>
  runVerbs('wait', 'networkpolicy', `shop/${name}`, `--kubeconfig=${server.kubeconfigPath}`, ...args);

const startAgent = async (): Promise<void> => {
  const flags = ['--drift-interval=500ms', '--lease=kube-system/portcullis'];
  agent = await installation.startAgent(flags, (line) => lines.push(line));
};

beforeAll(async () => {
  installation = await openInstallation(runner);
  ({ server, kubectl } = installation);
  // Not the admission policy: the token of this test is bound to no pod.
  for (const file of ['role', 'role-binding']) {
    await kubectl(['apply', '-f', '-'], await readFile(path.join(PATHS.components, `leases/${file}.yaml`), 'utf8'));
  }
  for (const name of ['n1', 'n2']) await server.admin.create({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
  await pod('web', 'n1', '10.0.0.5');
  await pod('far', 'n2', '10.0.1.5');
  lines = [];
  await startAgent();
});

afterAll(async () => {
  await cleanUp(
    () => agent.stop(),
    () => installation.close(),
  );
});

test('the agent’s Lease says what the node enforces, and goes with the Node', async () => {
  const lease = await waitFor(
    'the Lease',
    DEADLINE_MS,
    async () => {
      const found = asObject(await server.admin.get(LEASE).catch(() => undefined));
      const { annotations } = asObject(found['metadata']);
      return asObject(annotations)['portcullis.io/enforcement'] === 'enforcing' ? found : undefined;
    },
    () => lines.join('\n'),
  );
  const node = asObject(await server.admin.get('/api/v1/nodes/n1'));
  const { uid } = asObject(node['metadata']);
  expect(lease).toMatchObject({
    metadata: {
      annotations: {
        'portcullis.io/since': expect.stringMatching(/^\d{4}-\S+Z$/),
        'portcullis.io/reason': '',
        'portcullis.io/networkpolicies': expect.stringMatching(/^\d+$/),
      },
      ownerReferences: [{ kind: 'Node', name: 'n1', uid }],
    },
    spec: { holderIdentity: 'n1', leaseDurationSeconds: 30 },
  });
});

test('wait ends as soon as a policy that was just applied is in force on the nodes of its pods', async () => {
  await apply('web', { podSelector: { matchLabels: { app: 'web' } } });
  const { code, out, err } = await waitForPolicy('web', '--timeout=60s');
  expect({ code, err, lines: code === 0 ? [] : lines }).toEqual({ code: 0, err: '', lines: [] });
  expect(out).toMatch(/^networkpolicy shop\/web at resource version \d+ is in force on 1 of 1 nodes$/m);
  expect(await runner.run('iptables-nft-save', ['-t', 'security'])).toContain('ingress isolated by shop/web');
});

test('wait ends for a change that policy does not depend on, though the agent applies nothing', async () => {
  await kubectl(['label', 'networkpolicy', '-n', 'shop', 'web', 'owner=somebody']);
  expect(await waitForPolicy('web', '--timeout=60s')).toMatchObject({ code: 0, err: '' });
});

test('wait names the nodes that lag, and exits with 1', async () => {
  await apply('all', { podSelector: {} });
  await waitFor('n1', DEADLINE_MS, async () => {
    const { out } = await waitForPolicy('all', '--timeout=0s', '-o', 'json');
    return (JSON.parse(out) as { lagging: readonly unknown[] }).lagging.length === 1 || undefined;
  });
  const { code, out } = await waitForPolicy('all', '--timeout=1s');
  expect({ code, out }).toEqual({
    code: 1,
    out: expect.stringMatching(
      /^networkpolicy shop\/all at resource version \d+ is in force on 1 of 2 nodes, but not on:\n {2}n2: no agent has a Lease there\n$/,
    ),
  });
});

test('a policy with a fault is not in force', async () => {
  const ports = Array.from({ length: 100 }, (_, at) => ({ port: `p${at}` }));
  const from = Array.from({ length: 101 }, (_, at) => ({ podSelector: { matchLabels: { app: `a${at}` } } }));
  await apply('huge', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from, ports }] });
  await waitFor('the fault', DEADLINE_MS, async () => {
    const { out } = await waitForPolicy('huge', '--timeout=0s');
    return out.includes('n1: the policy has a fault: it isolates its pods and allows nothing') || undefined;
  });
});

test('wait tells a policy that does not exist, and an installation without Leases', async () => {
  expect(await waitForPolicy('none')).toMatchObject({
    code: 1,
    err: 'portcullis wait: networkpolicy shop/none does not exist\n',
  });
  expect(await waitForPolicy('web', '--lease=shop/other')).toMatchObject({
    code: 1,
    err: expect.stringContaining('no agent has a Lease in shop of the installation other'),
  });
  expect(await runVerbs('wait', 'pod', 'shop/web')).toMatchObject({ code: 2 });
});

test('while the agent is away, its Lease proves what it has applied, and nothing newer', async () => {
  await agent.stop();
  expect(await waitForPolicy('web', '--timeout=0s')).toMatchObject({ code: 0 });
  await apply('newer', { podSelector: { matchLabels: { app: 'web' } } });
  expect(await waitForPolicy('newer', '--timeout=0s')).toMatchObject({
    code: 1,
    out: expect.stringMatching(/n1: its agent has applied policies up to \d+, and the policy is of \d+ \(its Lease/),
  });
  await startAgent();
  expect(await waitForPolicy('newer', '--timeout=90s')).toMatchObject({ code: 0 });
});
