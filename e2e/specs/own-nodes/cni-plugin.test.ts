import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../../cluster/until.ts';
import { installAgent } from '../../support/agent.ts';
import { AGENT, AGENT_NAMESPACE, CLEANUP_MANIFEST } from '../../support/agent-names.ts';
import { allNodes, installPlugin, isPluginOn, PLUGIN, removePlugin } from '../../support/cni-plugin.ts';
import { apply, get, kubectl } from '../../support/kubectl.ts';
import { onNode } from '../../support/node-access.ts';
import { denyAll, podObject, type PodRef } from '../../support/objects.ts';
import { closeNamespaces, openNamespaces, waitForPods } from '../../support/stage.ts';

/** The CNI plugin stays where it is needed, and never leaves a node unable to start pods. */

const NAMESPACE = 'e2e-cni-plugin';
const MOMENT_MS = 60_000;
const TEST_MS = 600_000;
const NETWORK = '/etc/cni/net.d/10-pods.conflist';
const OURS = '/etc/cni/net.d/10-pods-portcullis.conflist';

let nodes: readonly string[];
let pods = 0;

const startPodOn = async (node: string): Promise<PodRef> => {
  pods += 1;
  const pod = { namespace: NAMESPACE, name: `pod-${String(pods)}` };
  await apply(podObject({ ...pod, node }));
  return pod;
};

const expectPodsStart = async (): Promise<void> => {
  for (const node of nodes) await startPodOn(node);
  await waitForPods(NAMESPACE);
  await kubectl(['-n', NAMESPACE, 'delete', 'pod', '--all', '--grace-period=0']);
};

const untilGone = async (): Promise<void> => {
  for (const node of nodes) {
    await until(`${node} is without the plugin`, MOMENT_MS, async () => !(await isPluginOn(node)));
  }
};

/** Ends the installers in a way that leaves the plugin on the nodes, unlike deleting their DaemonSet. */
const endInstallers = async (): Promise<void> => {
  const patch = { spec: { template: { spec: { nodeSelector: { 'example.com/none': 'such' } } } } };
  await kubectl(['-n', AGENT_NAMESPACE, 'patch', 'daemonset', PLUGIN, '-p', JSON.stringify(patch)]);
  await until('the installers ended', MOMENT_MS, async () => {
    const left = await kubectl([
      '-n',
      AGENT_NAMESPACE,
      'get',
      'pods',
      '-o',
      'name',
      '-l',
      'app.kubernetes.io/component=cni-plugin',
    ]);
    return left === '';
  });
  await kubectl(['-n', AGENT_NAMESPACE, 'delete', 'daemonset', PLUGIN]);
  for (const node of nodes) expect(await isPluginOn(node)).toBe(true);
};

interface EventList {
  readonly items: readonly { readonly message: string; readonly involvedObject: { readonly name: string } }[];
}

const eventOf = async (pod: PodRef, words: string): Promise<string | undefined> => {
  const { items } = await get<EventList>('-n', pod.namespace, 'events');
  return items.find(({ message, involvedObject }) => involvedObject.name === pod.name && message.includes(words))
    ?.message;
};

beforeAll(async () => {
  nodes = await allNodes();
  await openNamespaces(NAMESPACE);
  await apply(denyAll(NAMESPACE));
  await installPlugin();
}, TEST_MS);

afterAll(async () => {
  await removePlugin();
  await installAgent();
  await closeNamespaces(NAMESPACE);
}, TEST_MS);

test('pods start with the CNI plugin', expectPodsStart, TEST_MS);

test(
  'an update of the CNI plugin’s DaemonSet leaves it in place, and a rewrite of the network is followed',
  async () => {
    const node = await onNode(nodes[0] ?? '');
    const before = await node.run('stat', ['-c', '%i %Y', OURS]);
    await kubectl(['-n', AGENT_NAMESPACE, 'rollout', 'restart', `daemonset/${PLUGIN}`]);
    await kubectl(['-n', AGENT_NAMESPACE, 'rollout', 'status', `daemonset/${PLUGIN}`, '--timeout=180s']);
    expect(await node.run('stat', ['-c', '%i %Y', OURS])).toBe(before);
    const text = await node.run('cat', [NETWORK]);
    await node.run('tee', [NETWORK], { input: text.replace('"cniVersion":"0.4.0"', '"cniVersion":"1.0.0"') });
    await until('ours follows', MOMENT_MS, async () =>
      (await node.run('cat', [OURS])).includes('"cniVersion":"1.0.0"'),
    );
    await expectPodsStart();
    await node.run('tee', [NETWORK], { input: text });
  },
  TEST_MS,
);

test(
  'a pod’s Event names the command with which it starts if the agent is gone for good',
  async () => {
    await endInstallers();
    await kubectl(['-n', AGENT_NAMESPACE, 'delete', AGENT]);
    const pod = await startPodOn(nodes[1] ?? '');
    await until(
      'the pod is kept from starting',
      MOMENT_MS,
      async () => (await eventOf(pod, 'are not in force')) !== undefined,
    );
    const message = (await eventOf(pod, 'are not in force')) ?? '';
    const [, program = '', verb = ''] = /(\/opt\/cni\/bin\/portcullis) (uninstall)/.exec(message) ?? [];
    for (const node of nodes) await (await onNode(node)).run(program, [verb]);
    await untilGone();
    await waitForPods(NAMESPACE);
  },
  TEST_MS,
);

test(
  'cleanup.yaml removes the CNI plugin too',
  async () => {
    await installPlugin();
    await endInstallers();
    await kubectl(['-n', AGENT_NAMESPACE, 'delete', AGENT]);
    await kubectl(['apply', '-f', CLEANUP_MANIFEST]);
    await kubectl(['-n', AGENT_NAMESPACE, 'rollout', 'status', 'daemonset/portcullis-cleanup', '--timeout=180s']);
    await untilGone();
    await kubectl(['delete', '-f', CLEANUP_MANIFEST]);
    await expectPodsStart();
  },
  TEST_MS,
);

test(
  'deleting its DaemonSet removes the CNI plugin from every node',
  async () => {
    await installPlugin();
    await kubectl(['-n', AGENT_NAMESPACE, 'delete', 'daemonset', PLUGIN]);
    await untilGone();
    await kubectl(['-n', AGENT_NAMESPACE, 'delete', AGENT]);
    await expectPodsStart();
  },
  TEST_MS,
);
