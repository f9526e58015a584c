import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ROOT } from '../../scripts/manifests/paths.ts';
import { createPodCondition } from '../../src/cluster/condition/pod-condition.ts';
import { createApiSource } from '../../src/cluster/api-source.ts';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { type ObjectRef, objectPath } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { waitFor } from '../support/wait-for.ts';
import { kubectlPath, kustomized, overlayOf, renderedChart } from './objects.ts';

/**
 * What an agent's token may write to pods, judged by the real API server: the kubelet requests tokens that are bound to
 * pods.
 */

jest.setTimeout(60_000);

const WAIT_MS = 30_000;
const ENFORCED = 'portcullis.io/enforced';
const CONDITION = { type: ENFORCED, status: 'True', reason: 'PoliciesInForce' };

const podOf = (
  namespace: string,
  name: string,
  nodeName: string,
  account = 'default',
): ObjectRef & { spec: object } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { nodeName, serviceAccountName: account, containers: [{ name: 'main', image: 'none' }] },
});

const OWN = podOf('default', 'own', 'n1');
const FOREIGN = podOf('default', 'foreign', 'n2');
const AGENT = podOf('kube-system', 'agent-of-n1', 'n1', 'portcullis');

let server: ApiServer;
let folder: string;
let kubectl: (args: readonly string[], input?: string) => Promise<string>;

beforeAll(async () => {
  server = await startTestApiServer();
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-condition-'));
  const program = await kubectlPath();
  const { run } = createCommandRunner();
  const common = [`--kubeconfig=${server.kubeconfigPath}`, `--cache-dir=${path.join(folder, 'cache')}`];
  kubectl = (args, input) => run(program, [...common, ...args], input === undefined ? {} : { input });
  await waitFor('kube-system', WAIT_MS, () =>
    server.admin.get('/api/v1/namespaces/kube-system').then(
      () => true,
      () => undefined,
    ),
  );
  await kubectl(['create', 'serviceaccount', 'portcullis', '-n', 'kube-system']);
  for (const pod of [OWN, FOREIGN, AGENT]) await server.admin.create(pod);
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The objects that an operator applies for the condition. */
const rightsOf = async (): Promise<string> => {
  const manifests = path.join(folder, 'manifests');
  await cp(path.join(ROOT, 'manifests'), manifests, { recursive: true });
  const overlay = path.join(manifests, 'overlay');
  await mkdir(overlay, { recursive: true });
  await writeFile(path.join(overlay, 'kustomization.yaml'), overlayOf('pod-condition'));
  return kustomized(overlay);
};

const conditionsOf = async (pod: ObjectRef): Promise<readonly { readonly type: string }[]> => {
  const { status } = (await server.admin.get(objectPath(pod))) as {
    status: { conditions?: readonly { readonly type: string }[] };
  };
  return status.conditions ?? [];
};

describe.each([
  ['components/pod-condition', rightsOf],
  ['the chart', () => Promise.resolve(renderedChart('pod-condition'))],
])('with %s', (_, rights) => {
  let token: string;
  let unbound: string;

  const issue = async (...args: readonly string[]): Promise<string> =>
    (await kubectl(['create', 'token', 'portcullis', '-n', 'kube-system', ...args])).trim();

  /** @returns the API server's message for a patch of a status by the bearer of a token; nothing if it accepts the patch */
  const patch = async (pod: ObjectRef, change: object, bearer = token): Promise<string> => {
    const body = JSON.stringify(change);
    const sent = request(`${server.url}${objectPath(pod)}/status`, {
      method: 'PATCH',
      ca: server.ca,
      headers: {
        authorization: `Bearer ${bearer}`,
        'content-type': 'application/strategic-merge-patch+json',
        'content-length': Buffer.byteLength(body),
      },
    });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const answer = await text(response);
    return response.statusCode === 200 ? '' : answer;
  };

  beforeAll(async () => {
    await kubectl(['apply', '-f', '-'], await rights());
    token = await issue('--bound-object-kind=Pod', '--bound-object-name=agent-of-n1');
    unbound = await issue();
    // The server needs some time to use a new policy.
    let answer = '';
    const isDenied = async (): Promise<true | undefined> => {
      answer = await patch(OWN, { metadata: { labels: { taken: String(Date.now()) } } });
      return answer.includes('denied') ? true : undefined;
    };
    await waitFor('the policy', WAIT_MS, isDenied, () => answer);
  });

  afterAll(async () => {
    await kubectl(['delete', 'validatingadmissionpolicy,validatingadmissionpolicybinding', 'portcullis-pod-condition']);
    await kubectl(['delete', 'clusterrolebinding', 'portcullis-pod-condition']);
  });

  beforeEach(async () => {
    const conditions = [{ type: 'Ready', status: 'False' }];
    await server.admin.patchStatus(OWN, { podIP: '10.0.0.5', podIPs: [{ ip: '10.0.0.5' }], conditions });
  });

  test('an agent sets the condition of a pod of its node, and withdraws it', async () => {
    expect(await patch(OWN, { status: { conditions: [CONDITION] } })).toBe('');
    expect((await conditionsOf(OWN)).map(({ type }) => type).toSorted()).toEqual(['Ready', ENFORCED].toSorted());
    expect(await patch(OWN, { status: { conditions: [{ ...CONDITION, status: 'False' }] } })).toBe('');
  });

  test('the policy admits the patches of the agent', async () => {
    const clock = createSystemClock();
    const source = createApiSource({
      connect: () => connectByKubeconfig(server.kubeconfigPath),
      clock,
      random: Math.random,
    });
    const troubles: (string | undefined)[] = [];
    const condition = createPodCondition({
      connect: () =>
        Promise.resolve({
          server: server.url,
          options: () => Promise.resolve({ ca: server.ca, headers: { Authorization: `Bearer ${token}` } }),
        }),
      source,
      node: 'n1',
      gatedOnly: false,
      clock,
      random: () => 0,
      onTrouble: (trouble) => troubles.push(trouble),
    });
    source.start(condition.noteChange);
    try {
      await waitFor('the first list', WAIT_MS, () => Promise.resolve(source.hasSynced() || undefined));
      condition.notePass();
      condition.noteResult(true);
      const hasIt = async (): Promise<true | undefined> =>
        (await conditionsOf(OWN)).some(({ type }) => type === ENFORCED) || undefined;
      await waitFor('the condition', WAIT_MS, hasIt, () => JSON.stringify(troubles));
      expect(troubles).toEqual([]);
    } finally {
      await Promise.all([source.stop(), condition.stop()]);
    }
  });

  test.each<[what: string, change: object]>([
    ['its address', { status: { podIP: '10.0.0.66', podIPs: [{ $patch: 'replace' }, { ip: '10.0.0.66' }] } }],
    ['another address', { status: { podIPs: [{ $patch: 'replace' }, { ip: '10.0.0.5' }, { ip: 'fd00::66' }] } }],
    ['its phase', { status: { phase: 'Succeeded' } }],
    [
      'the address of its node',
      { status: { hostIP: '192.0.2.1', hostIPs: [{ $patch: 'replace' }, { ip: '192.0.2.1' }] } },
    ],
    ['its start', { status: { startTime: '2020-01-01T00:00:00Z' } }],
    [
      'its containers',
      {
        status: {
          containerStatuses: [{ name: 'main', image: 'x', imageID: 'x', ready: true, restartCount: 0, state: {} }],
        },
      },
    ],
    ['another condition', { status: { conditions: [{ type: 'Ready', status: 'True' }] } }],
    [
      'another condition beside the own one',
      { status: { conditions: [CONDITION, { type: 'a.example/b', status: 'True' }] } },
    ],
    ['the removal of another condition', { status: { conditions: [{ type: 'Ready', $patch: 'delete' }] } }],
    ['its labels', { metadata: { labels: { role: 'client' } } }],
    ['its annotations', { metadata: { annotations: { a: 'b' } } }],
    ['its finalizers', { metadata: { finalizers: ['example.com/never'] } }],
  ])('an agent cannot write %s of a pod of its own node', async (_what, change) => {
    expect(await patch(OWN, change)).toMatch(/an agent (?:changes no|writes no)/);
  });

  test('an agent cannot write the condition of a pod of another node', async () => {
    expect(await patch(FOREIGN, { status: { conditions: [CONDITION] } })).toMatch(/pods of its own node alone/);
    expect(await conditionsOf(FOREIGN)).toEqual([]);
  });

  test('a token of the account without a pod cannot write', async () => {
    expect(await patch(OWN, { status: { conditions: [CONDITION] } }, unbound)).toMatch(/pods of its own node alone/);
  });

  test('other users can write what they could before', async () => {
    await server.admin.patchStatus(OWN, { podIP: '10.0.0.7', podIPs: [{ ip: '10.0.0.7' }] });
    expect(await conditionsOf(OWN)).toHaveLength(1);
  });
});
