import { once } from 'node:events';
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ROOT } from '../../scripts/manifests/paths.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { waitFor } from '../support/wait-for.ts';
import { kubectlPath, kustomized, overlayOf, renderedChart } from './objects.ts';

/** What the tokens of an agent and of the controller may write, judged by the real API server. */

jest.setTimeout(120_000);

const WAIT_MS = 60_000;
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';

let server: ApiServer;
let folder: string;
let kubectl: (args: readonly string[], input?: string) => Promise<string>;

interface Answer {
  readonly code: number;
  readonly body: string;
}

const send = async (method: string, apiPath: string, body: object, token: string, type: string): Promise<Answer> => {
  const content = JSON.stringify(body);
  const sent = request(`${server.url}${apiPath}`, {
    method,
    ca: server.ca,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': type,
      'content-length': Buffer.byteLength(content),
    },
  });
  sent.end(content);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { code: response.statusCode ?? 0, body: await text(response) };
};

const leaseOf = (name: string, holderIdentity: string, resourceVersion?: string): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace: 'kube-system', ...(resourceVersion === undefined ? {} : { resourceVersion }) },
  spec: { holderIdentity },
});

const createLease = (name: string, holder: string, token: string): Promise<Answer> =>
  send('POST', LEASES, leaseOf(name, holder), token, 'application/json');

const updateLease = async (name: string, holder: string, token: string): Promise<Answer> => {
  const { metadata } = (await server.admin.get(`${LEASES}/${name}`)) as { metadata: { resourceVersion: string } };
  return send('PUT', `${LEASES}/${name}`, leaseOf(name, holder, metadata.resourceVersion), token, 'application/json');
};

const patch = (apiPath: string, change: object, token: string): Promise<Answer> =>
  send('PATCH', apiPath, change, token, 'application/strategic-merge-patch+json');

const overlay = async (): Promise<string> => {
  const manifests = path.join(folder, 'manifests');
  await cp(path.join(ROOT, 'manifests'), manifests, { recursive: true });
  const at = path.join(manifests, 'overlay');
  await mkdir(at, { recursive: true });
  await writeFile(path.join(at, 'kustomization.yaml'), overlayOf('leases', 'controller', 'startup-taint'));
  return kustomized(at);
};

beforeAll(async () => {
  server = await startTestApiServer();
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-lease-rights-'));
  const program = await kubectlPath();
  const { run } = createCommandRunner();
  const common = [`--kubeconfig=${server.kubeconfigPath}`, `--cache-dir=${path.join(folder, 'cache')}`];
  kubectl = (args, input) => run(program, [...common, ...args], input === undefined ? {} : { input });
  await waitFor('kube-system', WAIT_MS, () =>
    server.admin.get('/api/v1/namespaces/kube-system').catch(() => undefined),
  );
  const taints = [
    { key: 'portcullis.io/agent-not-ready', effect: 'NoSchedule' },
    { key: 'example.com/kept', effect: 'NoSchedule' },
  ];
  await server.admin.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, ...{ spec: { taints } } });
  await server.admin.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'agent-of-n1', namespace: 'kube-system' },
    ...{ spec: { nodeName: 'n1', serviceAccountName: 'portcullis', containers: [{ name: 'agent', image: 'none' }] } },
  });
  await server.admin.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    ...{ spec: { nodeName: 'n1', containers: [{ name: 'web', image: 'none' }] } },
  });
});

afterAll(async () => {
  await cleanUp(
    () => server.stop(),
    () => removeFolder(folder),
  );
});

describe.each([
  ['the components', overlay],
  ['the chart', () => Promise.resolve(renderedChart('startup-taint'))],
])('with %s', (_, manifests) => {
  let agent: string;
  let controller: string;

  const issue = async (account: string, ...args: readonly string[]): Promise<string> =>
    (await kubectl(['create', 'token', account, '-n', 'kube-system', ...args])).trim();

  beforeAll(async () => {
    await kubectl(['apply', '-f', '-'], await manifests());
    agent = await issue('portcullis', '--bound-object-kind=Pod', '--bound-object-name=agent-of-n1');
    controller = await issue('portcullis-controller');
    // The server needs some time to use new policies.
    await waitFor('the policy of agents', WAIT_MS, async () => {
      const { code, body } = await createLease(`probe-${Date.now()}`, 'n1', agent);
      return (code === 422 && body.includes('its own node')) || undefined;
    });
    await waitFor('the policy of the controller', WAIT_MS, async () => {
      const { body } = await patch('/api/v1/nodes/n1', { metadata: { labels: { at: `t${Date.now()}` } } }, controller);
      return body.includes('changes no metadata') || undefined;
    });
  });

  afterAll(async () => {
    await kubectl(['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', '--all']);
    await kubectl(['delete', 'leases', '-n', 'kube-system', '--all']);
  });

  test('an agent makes and renews the Lease of its own node', async () => {
    expect(await createLease('portcullis-agent-n1', 'n1', agent)).toMatchObject({ code: 201 });
    expect(await updateLease('portcullis-agent-n1', 'n1', agent)).toMatchObject({ code: 200 });
  });

  test('an agent writes no Lease of another node, no election, and not in another name', async () => {
    await kubectl(['create', '-f', '-'], JSON.stringify(leaseOf('portcullis-agent-n2', 'n2')));
    await kubectl(['create', '-f', '-'], JSON.stringify(leaseOf('kube-scheduler', 'somebody')));
    for (const answer of [
      await createLease('portcullis-agent-n3', 'n1', agent),
      await createLease('portcullis-controller', 'n1', agent),
      await updateLease('portcullis-agent-n2', 'n1', agent),
      await updateLease('kube-scheduler', 'n1', agent),
    ]) {
      expect(answer).toMatchObject({ code: 422, body: expect.stringContaining('the Lease of its own node alone') });
    }
    expect((await updateLease('portcullis-agent-n1', 'n2', agent)).body).toContain('in the name of its own node');
    expect(await send('DELETE', `${LEASES}/portcullis-agent-n1`, {}, agent, 'application/json')).toMatchObject({
      code: 403,
    });
  });

  test('the controller writes the condition of a Node, Unknown of a pod, and removes its taint', async () => {
    const ready = { type: 'PortcullisEnforcing', status: 'True', reason: 'Enforcing' };
    expect(await patch('/api/v1/nodes/n1/status', { status: { conditions: [ready] } }, controller)).toMatchObject({
      code: 200,
    });
    const unknown = { type: 'portcullis.io/enforced', status: 'Unknown', reason: 'AgentStale' };
    expect(
      await patch('/api/v1/namespaces/default/pods/web/status', { status: { conditions: [unknown] } }, controller),
    ).toMatchObject({ code: 200 });
    const { spec } = (await server.admin.get('/api/v1/nodes/n1')) as { spec: { taints: { key: string }[] } };
    const taints = spec.taints.filter(({ key }) => key !== 'portcullis.io/agent-not-ready');
    expect(await patch('/api/v1/nodes/n1', { spec: { taints } }, controller)).toMatchObject({ code: 200 });
  });

  test.each<[what: string, apiPath: string, change: object]>([
    [
      'the Ready condition of a Node',
      '/api/v1/nodes/n1/status',
      { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    ],
    [
      'the addresses of a Node',
      '/api/v1/nodes/n1/status',
      { status: { addresses: [{ type: 'InternalIP', address: '10.0.0.66' }] } },
    ],
    ['a label of a Node', '/api/v1/nodes/n1', { metadata: { labels: { role: 'admin' } } }],
    ['all taints of a Node', '/api/v1/nodes/n1', { spec: { taints: null } }],
    ['another taint', '/api/v1/nodes/n1', { spec: { taints: [{ key: 'a.example/b', effect: 'NoExecute' }] } }],
    ['that a Node takes no pods', '/api/v1/nodes/n1', { spec: { unschedulable: true } }],
    [
      'that a pod is enforced',
      '/api/v1/namespaces/default/pods/web/status',
      { status: { conditions: [{ type: 'portcullis.io/enforced', status: 'True' }] } },
    ],
    [
      'the readiness of a pod',
      '/api/v1/namespaces/default/pods/web/status',
      { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
    ],
    [
      'the address of a pod',
      '/api/v1/namespaces/default/pods/web/status',
      { status: { podIP: '10.0.0.66', podIPs: [{ ip: '10.0.0.66' }] } },
    ],
  ])('the controller cannot write %s', async (_what, apiPath, change) => {
    const { code, body } = await patch(apiPath, change, controller);
    expect({ code, body }).toEqual({ code: 422, body: expect.stringContaining('the controller ') });
  });

  test('the controller updates no Lease but that of its election', async () => {
    expect(await createLease('portcullis-controller', 'pod-1', controller)).toMatchObject({ code: 201 });
    expect(await updateLease('portcullis-controller', 'pod-2', controller)).toMatchObject({ code: 200 });
    expect(await updateLease('portcullis-agent-n1', 'n1', controller)).toMatchObject({ code: 403 });
  });
});
