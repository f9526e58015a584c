import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ROOT } from '../../scripts/manifests/paths.ts';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import type { LeaseContent } from '../../src/cluster/lease/agent-lease.ts';
import { type LeaseKeeper, startLeaseKeeper } from '../../src/cluster/lease/lease-keeper.ts';
import { asList, asObject, type RawObject } from '../../src/cluster/raw.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { kubeconfigText } from '../../src/lab/apiserver/kubeconfig.ts';
import { type ObjectRef, objectPath } from '../../src/lab/apiserver/kinds.ts';
import type { ApiServer } from '../../src/lab/apiserver/start.ts';
import { type RunningProcess, startProcess } from '../../src/lab/process.ts';
import { kubectlPath, kustomized, overlayOf } from '../manifests/objects.ts';
import { startTestApiServer } from '../support/apiserver/start-api-server.ts';
import { cleanUp, removeFolder } from '../support/clean-up.ts';
import { runVerbs } from '../support/run-verbs.ts';
import { waitFor } from '../support/wait-for.ts';

/**
 * Two replicas of the built controller, with the rights of their manifests, at a real API server. The agents' Leases are
 * renewed by the agents' own code, which is stopped for the faults.
 */

jest.setTimeout(300_000);

const TOKEN = 'token-of-the-controller';
const DEADLINE_MS = 90_000;
/** A node's fault is reported within 40 s; the rest is for a busy machine. */
const FAULT_MS = 40_000;
const PORTCULLIS = path.join(import.meta.dirname, '../../bin/portcullis');
const NODES = ['gone', 'crashing', 'cut-off', 'well'] as const;
type Name = (typeof NODES)[number];

const runner = createCommandRunner();
const clock = createSystemClock();

let server: ApiServer;
let folder: string;
let kubectl: (args: readonly string[], input?: string) => Promise<string>;
let lines: string[];
const replicas = new Map<string, RunningProcess>();
const agents = new Map<Name, LeaseKeeper>();

const CONTENT: LeaseContent = {
  level: 'enforcing',
  since: '2026-11-30T10:00:00.000Z',
  reason: '',
  networkpolicies: '1',
  pods: '1',
  namespaces: '1',
  faulty: [],
  version: '0.1.0',
};

const startAgent = (node: Name, content: () => LeaseContent = () => CONTENT): void => {
  const keeper = startLeaseKeeper({
    connect: () => connectByKubeconfig(server.kubeconfigPath),
    clock,
    random: Math.random,
    home: { namespace: 'kube-system', release: 'portcullis' },
    node,
    content,
    onTrouble: (trouble) => trouble === undefined || lines.push(`agent of ${node}: ${trouble}`),
  });
  agents.set(node, keeper);
};

const startReplica = async (identity: string): Promise<void> => {
  const kubeconfig = path.join(folder, 'kubeconfig');
  await writeFile(kubeconfig, kubeconfigText({ url: server.url, ca: server.ca, token: TOKEN }));
  const args = [
    'controller',
    `--kubeconfig=${kubeconfig}`,
    `--identity=${identity}`,
    '--listen=0',
    '--log-format=text',
  ];
  replicas.set(
    identity,
    await startProcess(PORTCULLIS, [...args, '--node-selector=', '--startup-taint=on'], {
      output: (line) => lines.push(`${identity}: ${line}`),
    }),
  );
};

const nodeRef = (name: string): ObjectRef => ({ apiVersion: 'v1', kind: 'Node', metadata: { name } });

const conditionIn = (object: unknown, type: string): RawObject | undefined =>
  asList(asObject(asObject(object)['status'])['conditions'])
    .map(asObject)
    .find((each) => each['type'] === type);

const untilNode = (name: Name, reason: string, deadlineMs: number): Promise<RawObject> =>
  waitFor(
    `${name} to be ${reason}`,
    deadlineMs,
    async () => {
      const found = conditionIn(await server.admin.get(objectPath(nodeRef(name))), 'PortcullisEnforcing');
      return found?.['reason'] === reason ? found : undefined;
    },
    () => lines.join('\n'),
  );

const podRef = (namespace: string, name: string, nodeName: string): ObjectRef & { spec: object } => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { nodeName, containers: [{ name: 'agent', image: 'none' }] },
});

const createAgentPod = async (node: Name, status: object): Promise<void> => {
  const ref = podRef('kube-system', `portcullis-${node}`, node);
  const labels = { 'app.kubernetes.io/name': 'portcullis', 'app.kubernetes.io/component': 'agent' };
  await server.admin.create({ ...ref, metadata: { ...ref.metadata, labels } } as ObjectRef);
  await server.admin.patchStatus(ref, status);
};

const WEB = podRef('default', 'web', 'gone');
const OTHER = podRef('default', 'other', 'well');

const podCondition = async (ref: ObjectRef): Promise<RawObject | undefined> =>
  conditionIn(await server.admin.get(objectPath(ref)), 'portcullis.io/enforced');

const rights = async (): Promise<string> => {
  const manifests = path.join(folder, 'manifests');
  await cp(path.join(ROOT, 'manifests'), manifests, { recursive: true });
  const overlay = path.join(manifests, 'overlay');
  await mkdir(overlay, { recursive: true });
  await writeFile(path.join(overlay, 'kustomization.yaml'), overlayOf('leases', 'controller', 'startup-taint'));
  return kustomized(overlay);
};

beforeAll(async () => {
  const user = 'system:serviceaccount:kube-system:portcullis-controller';
  server = await startTestApiServer({ tokens: [{ token: TOKEN, user, groups: ['system:serviceaccounts'] }] });
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-controller-'));
  lines = [];
  const program = await kubectlPath();
  const common = [`--kubeconfig=${server.kubeconfigPath}`, `--cache-dir=${path.join(folder, 'cache')}`];
  kubectl = (args, input) => runner.run(program, [...common, ...args], input === undefined ? {} : { input });
  await waitFor('kube-system', DEADLINE_MS, () =>
    server.admin.get('/api/v1/namespaces/kube-system').catch(() => undefined),
  );
  await kubectl(['apply', '-f', '-'], await rights());
  const taints = [
    { key: 'portcullis.io/agent-not-ready', effect: 'NoSchedule' },
    { key: 'example.com/kept', effect: 'NoSchedule' },
  ];
  for (const name of NODES) await server.admin.create({ ...nodeRef(name), spec: { taints } } as ObjectRef);
  await createAgentPod('crashing', {
    phase: 'Running',
    containerStatuses: [
      {
        name: 'agent',
        image: 'none',
        imageID: 'none',
        ready: false,
        restartCount: 7,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 2, message: 'PORTCULLIS_DRIFT_INTERVAL: "5" is not a duration' } },
      },
    ],
  });
  await createAgentPod('cut-off', { phase: 'Running' });
  for (const ref of [WEB, OTHER]) {
    await server.admin.create(ref);
    const conditions = [
      { type: 'Ready', status: 'True' },
      { type: 'portcullis.io/enforced', status: 'True', reason: 'PoliciesInForce' },
    ];
    await server.admin.patchStatus(ref, { podIP: '10.0.0.5', conditions });
  }
  for (const name of NODES) startAgent(name);
  await startReplica('first');
  await waitFor('the leader', DEADLINE_MS, () =>
    Promise.resolve(lines.some((line) => line.includes('this replica is the leader')) || undefined),
  );
  await startReplica('second');
});

afterAll(async () => {
  await cleanUp(
    () => Promise.all([...replicas.values()].map((replica) => replica.stop())),
    () => Promise.all([...agents.values()].map((agent) => agent.stop())),
    () => server.stop(),
    () => removeFolder(folder),
  );
});

test('nodes whose agents enforce say so, and lose the start-up taint and no other', async () => {
  for (const name of NODES) {
    expect(await untilNode(name, 'Enforcing', DEADLINE_MS)).toMatchObject({ status: 'True' });
    // The API server itself adds the taint of a node that is not ready.
    await waitFor(
      'the taint to go',
      DEADLINE_MS,
      async () => {
        const node = asObject(await server.admin.get(objectPath(nodeRef(name))));
        const keys = asList(asObject(node['spec'])['taints']).map((taint) => asObject(taint)['key']);
        expect(keys).toContain('example.com/kept');
        return keys.includes('portcullis.io/agent-not-ready') ? undefined : true;
      },
      () => lines.join('\n'),
    );
  }
});

test('an agent that is missing, crash-looping or cut off is reported within 40 s, by its Node, an Event and its pods', async () => {
  const faulty = ['gone', 'crashing', 'cut-off'] as const;
  const stoppedAt = performance.now();
  await Promise.all(faulty.map(async (name) => agents.get(name)?.stop()));
  const [gone, crashing, cutOff] = await Promise.all([
    untilNode('gone', 'AgentMissing', DEADLINE_MS),
    untilNode('crashing', 'AgentCrashLooping', DEADLINE_MS),
    untilNode('cut-off', 'AgentStale', DEADLINE_MS),
  ]);
  expect(performance.now() - stoppedAt).toBeLessThan(FAULT_MS);
  expect([gone, crashing, cutOff].map((condition) => condition['status'])).toEqual(['Unknown', 'Unknown', 'Unknown']);
  expect(crashing['message']).toContain('PORTCULLIS_DRIFT_INTERVAL: "5" is not a duration');

  await waitFor(
    'the pod',
    DEADLINE_MS,
    async () => {
      const found = await podCondition(WEB);
      return found?.['status'] === 'Unknown' && found['reason'] === 'AgentStale' ? true : undefined;
    },
    () => lines.join('\n'),
  );
  await waitFor('the Event', DEADLINE_MS, async () => {
    const text = await kubectl(['describe', 'node', 'gone']);
    return /Warning\s+NodeNotEnforcing\s.*AgentMissing: no agent's pod is on this node/.test(text) || undefined;
  });
  expect(await podCondition(OTHER)).toMatchObject({ status: 'True', reason: 'PoliciesInForce' });
  expect(await untilNode('well', 'Enforcing', DEADLINE_MS)).toMatchObject({ status: 'True' });
});

test('the other replica takes over from a leader that is killed, and tells the end of a fault', async () => {
  replicas.get('first')?.signal('SIGKILL');
  startAgent('gone');
  await untilNode('gone', 'Enforcing', DEADLINE_MS);
  expect(lines.some((line) => line.startsWith('second: ') && line.includes('this replica is the leader'))).toBe(true);
  await waitFor('the Event', DEADLINE_MS, async () => {
    const text = await kubectl(['describe', 'node', 'gone']);
    return /Normal\s+NodeEnforcing\s/.test(text) || undefined;
  });
  expect(conditionIn(await server.admin.get(objectPath(nodeRef('crashing'))), 'PortcullisEnforcing')).toMatchObject({
    reason: 'AgentCrashLooping',
  });
});

test('an agent that runs and does not enforce is reported at its next renewal', async () => {
  await agents.get('gone')?.stop();
  startAgent('gone', () => ({ ...CONTENT, level: 'not enforcing', reason: 'no ip_set' }));
  expect(await untilNode('gone', 'NotEnforcing', FAULT_MS)).toMatchObject({
    status: 'False',
    message: 'the agent runs and does not enforce: no ip_set',
  });
});

test('cleanup --cluster removes what was written, and nothing else', async () => {
  await Promise.all([...replicas.values()].map((replica) => replica.stop()));
  await Promise.all([...agents.values()].map((agent) => agent.stop()));
  const { code, out } = await runVerbs('cleanup', '--cluster', `--kubeconfig=${server.kubeconfigPath}`);
  expect({ code, out }).toEqual({
    code: 0,
    out: 'removed the condition of 2 pods and 4 Nodes, 0 taints and 5 Leases\n',
  });
  expect(await podCondition(WEB)).toBeUndefined();
  expect(conditionIn(await server.admin.get(objectPath(WEB)), 'Ready')).toMatchObject({ status: 'True' });
  for (const name of NODES) {
    const node = await server.admin.get(objectPath(nodeRef(name)));
    expect(conditionIn(node, 'PortcullisEnforcing')).toBeUndefined();
  }
  expect(await kubectl(['get', 'leases', '-n', 'kube-system', '-o', 'name'])).not.toContain('portcullis');
  const again = await runVerbs('cleanup', '--cluster', `--kubeconfig=${server.kubeconfigPath}`);
  expect(again.out).toBe('removed the condition of 0 pods and 0 Nodes, 0 taints and 0 Leases\n');
});

test('the rights of the manifests sufficed', () => {
  expect(lines.filter((line) => /403|Forbidden|denied/.test(line))).toEqual([]);
});
