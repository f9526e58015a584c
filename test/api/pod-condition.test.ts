import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { createApiSource } from '../../src/cluster/api-source.ts';
import type { ApiConnection } from '../../src/cluster/api/connection.ts';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import { createPodCondition, type PodCondition } from '../../src/cluster/condition/pod-condition.ts';
import type { ClusterSource } from '../../src/cluster/source.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { type ObjectRef, objectPath } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { waitFor } from '../support/wait-for.ts';

jest.setTimeout(180_000);

const AGENT = { token: 'agent', user: 'agent', groups: [] };
const DEADLINE_MS = 60_000;
const TYPE = 'portcullis.io/enforced';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly lastTransitionTime?: string;
}

let server: ApiServer;
let source: ClusterSource;
let condition: PodCondition;
let troubles: (string | undefined)[] = [];

const podRef = (name: string, spec: object = {}): ObjectRef & { spec: object } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'none' }], ...spec },
});

const connectAsAgent = (): Promise<ApiConnection> =>
  Promise.resolve({
    server: server.url,
    options: () => Promise.resolve({ ca: server.ca, headers: { Authorization: `Bearer ${AGENT.token}` } }),
  });

/** The part of an agent that sets conditions; the test makes the passes. */
const start = async (): Promise<void> => {
  const clock = createSystemClock();
  troubles = [];
  source = createApiSource({
    connect: () => connectByKubeconfig(server.kubeconfigPath),
    clock,
    random: Math.random,
  });
  condition = createPodCondition({
    connect: connectAsAgent,
    source,
    node: 'n1',
    gatedOnly: false,
    clock,
    random: () => 0,
    onTrouble: (trouble) => troubles.push(trouble),
  });
  source.start(condition.noteChange);
  await waitFor('the first list', DEADLINE_MS, () => Promise.resolve(source.hasSynced() || undefined));
};

const stop = async (): Promise<void> => {
  await Promise.all([source.stop(), condition.stop()]);
};

const pass = (): void => {
  condition.notePass();
  condition.noteResult(true);
};

const conditionsOf = async (ref: ObjectRef): Promise<readonly Condition[]> => {
  const { status } = (await server.admin.get(objectPath(ref))) as { status: { conditions?: readonly Condition[] } };
  return status.conditions ?? [];
};

const untilEnforced = (ref: ObjectRef): Promise<Condition> =>
  waitFor(
    'the condition',
    DEADLINE_MS,
    async () => (await conditionsOf(ref)).find(({ type }) => type === TYPE),
    () => JSON.stringify([condition.status(), troubles]),
  );

const untilKnown = (name: string): Promise<unknown> =>
  waitFor('the address', DEADLINE_MS, () =>
    Promise.resolve([...source.snapshot().pods.values()].find((pod) => pod.name === name && pod.ips.length > 0)),
  );

const grant = async (): Promise<void> => {
  const metadata = { name: 'condition' };
  await server.admin.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata,
    ...{ rules: [{ apiGroups: [''], resources: ['pods/status'], verbs: ['patch'] }] },
  });
  await server.admin.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata,
    ...{
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'condition' },
      subjects: [{ kind: 'User', name: AGENT.user, apiGroup: 'rbac.authorization.k8s.io' }],
    },
  });
};

beforeAll(async () => {
  server = await startTestApiServer({ tokens: [AGENT] });
});

afterAll(() => server.stop());

afterEach(stop);

test('the agent reports the right that is missing for conditions, and sets them once it is granted', async () => {
  await start();
  const ref = podRef('refused');
  await server.admin.create(ref);
  await server.admin.patchStatus(ref, { podIP: '10.0.0.4' });
  await untilKnown('refused');
  pass();
  await waitFor('the refusal', DEADLINE_MS, () => Promise.resolve(troubles[0]));
  expect(troubles[0]).toMatch(/^403 Forbidden: .*cannot patch resource "pods\/status".*grant patch on pods\/status$/);
  await grant();
  await untilEnforced(ref);
  await waitFor('the end of it', DEADLINE_MS, () => Promise.resolve(troubles.includes(undefined) || undefined));
});

test('the agent sets its condition beside the kubelet’s, once', async () => {
  await grant();
  await start();
  const ref = podRef('web', { readinessGates: [{ conditionType: TYPE }] });
  const { metadata } = await server.admin.create(ref);
  const ready = { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady' };
  await server.admin.patchStatus(ref, { podIP: '10.0.0.5', conditions: [ready] });
  await untilKnown('web');
  expect(await conditionsOf(ref)).toHaveLength(1);
  pass();
  expect(await untilEnforced(ref)).toMatchObject({
    status: 'True',
    reason: 'PoliciesInForce',
    lastTransitionTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
  });
  expect(await conditionsOf(ref)).toEqual(expect.arrayContaining([expect.objectContaining(ready)]));

  await stop();
  await start();
  expect(source.snapshot().pods.get(metadata.uid)).toMatchObject({ awaitsEnforcement: true, isEnforced: true });
  pass();
  expect(condition.status()).toEqual({ written: 0, waiting: 0 });
});

test('the agent writes its condition again after the controller took it back, once', async () => {
  await grant();
  await start();
  const ref = podRef('doubted');
  await server.admin.create(ref);
  await server.admin.patchStatus(ref, { podIP: '10.0.0.8' });
  await untilKnown('doubted');
  pass();
  await untilEnforced(ref);
  const { written } = condition.status();
  const unknown = { type: TYPE, status: 'Unknown', reason: 'AgentStale' };
  await server.admin.patchStatus(ref, { conditions: [unknown] });
  await waitFor('the doubt', DEADLINE_MS, () =>
    Promise.resolve(
      [...source.snapshot().pods.values()].find(({ name, isDoubted }) => name === 'doubted' && isDoubted),
    ),
  );
  pass();
  await waitFor('the truth', DEADLINE_MS, async () =>
    (await conditionsOf(ref)).find(({ type, status }) => type === TYPE && status === 'True'),
  );
  await waitFor('the end of the doubt', DEADLINE_MS, () =>
    Promise.resolve(
      [...source.snapshot().pods.values()].find(({ name, isDoubted }) => name === 'doubted' && isDoubted !== true),
    ),
  );
  pass();
  expect(condition.status()).toEqual({ written: written + 1, waiting: 0 });
});

test('a pod that took the name of another one gets its own condition', async () => {
  await grant();
  await start();
  const ref = podRef('twin');
  await server.admin.create(ref);
  await server.admin.patchStatus(ref, { podIP: '10.0.0.6' });
  await untilKnown('twin');
  condition.notePass();
  const [first] = [...source.snapshot().pods.values()].filter(({ name }) => name === 'twin');
  await server.admin.delete(ref);
  await server.admin.create(ref);
  // This pass has begun before the agent received it.
  if (first !== undefined && source.snapshot().pods.has(first.uid)) condition.noteResult(true);
  await waitFor('the first to go', DEADLINE_MS, () =>
    Promise.resolve(first !== undefined && !source.snapshot().pods.has(first.uid) ? true : undefined),
  );
  await server.admin.patchStatus(ref, { podIP: '10.0.0.7' });
  await untilKnown('twin');
  expect((await conditionsOf(ref)).some(({ type }) => type === TYPE)).toBe(false);
  pass();
  await untilEnforced(ref);
});
