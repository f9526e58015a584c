import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CommandError } from '../../../src/kernel/command.ts';
import { AGNHOST_IMAGE } from '../../cluster/images/names.ts';
import { until } from '../../cluster/until.ts';
import { agentPods, installAgent, waitForAgents } from '../../support/agent.ts';
import { AGENT_NAMESPACE } from '../../support/agent-names.ts';
import { allNodes, installPlugin, removePlugin } from '../../support/cni-plugin.ts';
import { type Hammer, type HammerPlace, startHammer } from '../../support/hammer.ts';
import { apply, get, kubectl } from '../../support/kubectl.ts';
import { onNode } from '../../support/node-access.ts';
import { DEFAULT_PORT, denyAll, podObject, type PodRef } from '../../support/objects.ts';
import { nextAddresses, placeOf, successors } from '../../support/sandboxes.ts';
import { closeNamespaces, openNamespaces, podIps, restartsOf, waitForPods } from '../../support/stage.ts';

/**
 * Counts packets that pods of an isolated namespace answer or get answered from their start on: while an agent runs,
 * while it starts, and while their node boots; without the CNI plugin and with it. docs/safety.md has the results.
 *
 *   PORTCULLIS_WINDOWS=pods=100,agents=5,reboots=5 npm run e2e -- --variant ptp-iptables --specs windows --no-suite
 */

const NAMESPACE = 'e2e-windows';
const OPEN = 'e2e-windows-open';

const counts = new Map(
  (process.env['PORTCULLIS_WINDOWS'] ?? 'pods=6,agents=1,reboots=1').split(',').map((pair) => {
    const [name = '', count] = pair.split('=');
    return [name, Number(count)] as const;
  }),
);
const countOf = (name: string): number => counts.get(name) ?? 0;

/** Number of pods that start at once. */
const BATCH = 5;
/** Addresses to send to, which are assigned in turn: a few more than pods, for other pods that start. */
const AHEAD = BATCH + 4;
/** After a boot they are assigned again from the first one on. */
const AFTER_BOOT = 24;
const BACK_MS = 240_000;
const TEST_MS = 3_600_000;
/** A token comes from the API server, and a pod that waits for one starts later. */
const WITHOUT_TOKEN = { automountServiceAccountToken: false };

let nodes: readonly string[];
let batches = 0;

/** Counts about isolated pods. */
interface Seen {
  pods: number;
  /** Datagrams that they answered. */
  answered: number;
  /** Their own connections that got an answer. */
  were: number;
  /** Approximate number of datagrams sent to them. */
  sent: number;
}

const nothing = (): Seen => ({ pods: 0, answered: 0, were: 0, sent: 0 });
const seen: Record<string, Seen> = {};
const seenIn = (what: string): Seen => (seen[what] ??= nothing());

const beside = (node: string): PodRef => ({ namespace: OPEN, name: `beside-${node}` });
const other = (node: string): string => nodes[(nodes.indexOf(node) + 1) % nodes.length] ?? node;

/** Returns a pod that answers, and connects to a server all the time, from its start on. */
const isolatedPod = (pod: PodRef, node: string, server: string): object => {
  const loop = `while :; do if curl -s -o /dev/null --connect-timeout 0.1 -m 0.5 http://${server}:${DEFAULT_PORT}/hostname; then echo answered; fi; done`;
  const plain = podObject({ ...pod, node, spec: WITHOUT_TOKEN }) as {
    readonly spec: { readonly containers: readonly object[] };
  };
  const client = { name: 'client', image: AGNHOST_IMAGE, command: ['sh', '-c', loop] };
  return { ...plain, spec: { ...plain.spec, containers: [client, ...plain.spec.containers] } };
};

const batchOn = async (node: string, count: number): Promise<readonly PodRef[]> => {
  batches += 1;
  const pods = Array.from({ length: count }, (_, at) => ({
    namespace: NAMESPACE,
    name: `closed-${String(batches)}-${String(at)}`,
  }));
  const [server = ''] = await podIps(beside(other(node)));
  await apply(...pods.map((pod) => isolatedPod(pod, node, server)));
  return pods;
};

const hammersOn = async (
  nodesOfHammers: readonly string[],
  addresses: readonly string[],
): Promise<readonly Hammer[]> => {
  const places: readonly HammerPlace[] = await Promise.all(nodesOfHammers.map((name) => placeOf(beside(name), name)));
  return Promise.all(places.map((place) => startHammer(place, DEFAULT_PORT, addresses)));
};

/** Ends the hammers, counts the answers that the pods got, and removes the pods. */
const count = async (
  what: string,
  pods: readonly PodRef[],
  hammers: readonly Hammer[],
  from: number,
): Promise<void> => {
  const found = await Promise.all(hammers.map((hammer) => hammer.stop()));
  const sum = seenIn(what);
  sum.pods += pods.length;
  for (const { answers, periodMs } of found) {
    for (const [name, times] of answers) if (name.startsWith('closed-')) sum.answered += times;
    sum.sent += Math.round(((performance.now() - from) / periodMs) * pods.length);
  }
  for (const pod of pods) {
    const log = await kubectl(['-n', pod.namespace, 'logs', pod.name, '-c', 'client']);
    sum.were += log.split('\n').filter((line) => line === 'answered').length;
  }
  await kubectl(['-n', NAMESPACE, 'delete', 'pod', '--wait=true', '--grace-period=0', ...pods.map(({ name }) => name)]);
};

const podStarts = async (what: string, pods: number): Promise<void> => {
  for (let done = 0; done < pods; done += BATCH) {
    const node = nodes[(done / BATCH) % nodes.length] ?? '';
    const hammers = await hammersOn([node, other(node)], await nextAddresses(node, AHEAD));
    const from = performance.now();
    const batch = await batchOn(node, Math.min(BATCH, pods - done));
    await waitForPods(NAMESPACE);
    await count(what, batch, hammers, from);
  }
};

interface AgentState {
  readonly restarts: number;
  readonly isRunning: boolean;
  readonly pod: string;
}

const agentOn = async (node: string): Promise<AgentState> => {
  const agent = (await agentPods()).find(({ spec }) => spec.nodeName === node);
  const [container] = agent?.status.containerStatuses ?? [];
  return {
    restarts: container?.restartCount ?? 0,
    isRunning: container?.state?.running !== undefined,
    pod: agent?.metadata.name ?? '',
  };
};

/** Ends the agent like a crash. */
const killAgent = async (node: string): Promise<void> => {
  const runner = await onNode(node);
  const agents = (await runner.run('pgrep', ['-f', '^/opt/portcullis/.* agent$'])).trim().split('\n');
  await runner.run('kill', ['-KILL', ...agents]);
};

/** Ends the agent twice: the kubelet restarts it at once, and the second time after about ten seconds. */
const keepAgentDown = async (node: string): Promise<void> => {
  const { restarts } = await agentOn(node);
  await killAgent(node);
  await until('the agent was started again', BACK_MS, async () => {
    const now = await agentOn(node);
    return now.restarts > restarts && now.isRunning;
  });
  await killAgent(node);
};

/** Replaces the agent's pod, so that the kubelet's growing delay starts again. */
const renewAgent = async (node: string): Promise<void> => {
  await kubectl(['-n', AGENT_NAMESPACE, 'delete', 'pod', '--wait=true', (await agentOn(node)).pod]);
  await waitForAgents();
};

const agentStarts = async (what: string, times: number): Promise<void> => {
  for (let done = 0; done < times; done += 1) {
    const node = nodes[done % nodes.length] ?? '';
    const hammers = await hammersOn([node, other(node)], await nextAddresses(node, AHEAD));
    const from = performance.now();
    await keepAgentDown(node);
    const batch = await batchOn(node, BATCH);
    await waitForPods(NAMESPACE);
    await until('the agent runs again', BACK_MS, async () => (await agentOn(node)).isRunning);
    await waitForAgents();
    await count(what, batch, hammers, from);
    await renewAgent(node);
  }
};

interface NodeView {
  readonly spec: { readonly podCIDRs: readonly string[] };
}

/** Ends the node's first process, and so every other one, including this command. */
const powerOff = async (node: string): Promise<void> => {
  await (await onNode(node)).run('kill', ['-TERM', '1']).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
  });
};

const reboots = async (what: string, times: number): Promise<void> => {
  for (let done = 0; done < times; done += 1) {
    const node = nodes[done % nodes.length] ?? '';
    const batch = await batchOn(node, BATCH);
    await waitForPods(NAMESPACE);
    const { spec } = await get<NodeView>('node', node);
    const [network = ''] = spec.podCIDRs[0]?.split('/') ?? [];
    const hammers = await hammersOn([other(node)], successors(network, AFTER_BOOT));
    const from = performance.now();
    await powerOff(node);
    for (const pod of batch) {
      await until(`${pod.name} runs again`, BACK_MS, async () => (await restartsOf(pod)) > 0);
    }
    await waitForPods(NAMESPACE);
    await waitForPods(OPEN);
    await waitForAgents();
    await count(what, batch, hammers, from);
  }
};

beforeAll(async () => {
  nodes = await allNodes();
  await openNamespaces(NAMESPACE, OPEN);
  await apply(denyAll(NAMESPACE), ...nodes.map((node) => podObject({ ...beside(node), node, spec: WITHOUT_TOKEN })));
  await waitForPods(OPEN);
}, TEST_MS);

afterAll(async () => {
  console.log(
    ['| | pods | datagrams to them | they answered | they were answered |', '|---|---|---|---|---|']
      .concat(
        Object.entries(seen).map(
          ([what, { pods, sent, answered, were }]) =>
            `| ${what} | ${String(pods)} | ${String(sent)} | ${String(answered)} | ${String(were)} |`,
        ),
      )
      .join('\n'),
  );
  await removePlugin();
  await installAgent();
  await closeNamespaces(NAMESPACE, OPEN);
}, TEST_MS);

test(
  'the counts detect open pods: a pod that no policy selects answers and gets answers',
  async () => {
    await kubectl(['-n', NAMESPACE, 'delete', 'networkpolicy', '--all']);
    await podStarts('pods that no policy selects', 1);
    await apply(denyAll(NAMESPACE));
    expect(seenIn('pods that no policy selects').answered).toBeGreaterThan(0);
    expect(seenIn('pods that no policy selects').were).toBeGreaterThan(0);
  },
  TEST_MS,
);

test(
  'the windows are counted without the CNI plugin',
  async () => {
    await podStarts('a pod starts', countOf('pods'));
    await agentStarts('an agent starts', countOf('agents'));
    await reboots('a node boots', countOf('reboots'));
    expect(seenIn('a pod starts').pods).toBe(countOf('pods'));
  },
  TEST_MS,
);

test(
  'no isolated pod answers or gets an answer with the CNI plugin',
  async () => {
    await installPlugin();
    await podStarts('a pod starts, with the plugin', countOf('pods'));
    await agentStarts('an agent starts, with the plugin', countOf('agents'));
    await reboots('a node boots, with the plugin', countOf('reboots'));
    for (const what of ['a pod starts', 'an agent starts', 'a node boots']) {
      const { answered, were } = seenIn(`${what}, with the plugin`);
      expect({ what, answered, were }).toEqual({ what, answered: 0, were: 0 });
    }
  },
  TEST_MS,
);
