import { Option } from 'commander';
import { ApiError } from '../../cluster/api/api-error.ts';
import type { ApiConnection } from '../../cluster/api/connection.ts';
import { readAll } from '../../cluster/api/read-all.ts';
import { asList, asObject, asText, type RawObject } from '../../cluster/raw.ts';
import { byText } from '../../policy/text-order.ts';
import { readDuration } from '../../config/duration.ts';
import { CommandError } from '../../kernel/command.ts';
import { type ContextOptions, createKubectl, type Kubectl } from '../kubectl.ts';
import { connectToCluster } from '../live-cluster.ts';
import { createProgress } from '../progress.ts';
import { type CliIo, UsageError } from '../verb.ts';
import { type Answered, fanOut } from './fan-out.ts';

/** The agent of a node. */
export interface AgentPod {
  readonly node: string;
  readonly namespace: string;
  readonly name: string;
}

/** Options of verbs that ask agents. */
export interface AgentOptions extends ContextOptions {
  readonly node?: readonly string[];
  readonly agentNamespace?: string;
  readonly timeout: string;
}

/** As the manifests and the chart label the agents. */
const SELECTOR = 'app.kubernetes.io/name=portcullis,app.kubernetes.io/component=agent';
const USUAL_NAMESPACE = 'kube-system';

/** Maximum number of agents that the plugin asks at a time: each takes a kubectl of 50 MB and a stream of the API server. */
export const AT_ONCE = 16;

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

export const agentOptions = (): readonly Option[] => [
  new Option('--node <name>', 'only the agent of this node; may be given again').argParser(collect),
  new Option(
    '--agent-namespace <name>',
    `the namespace of the agents (default: all, or ${USUAL_NAMESPACE} without the right)`,
  ),
  new Option('--timeout <duration>', 'how long each agent has to answer').default('15s'),
];

/** @throws UsageError where it is no duration */
export const deadlineOf = ({ timeout }: AgentOptions): number => {
  const ms = readDuration(timeout);
  if (ms === undefined || ms <= 0) throw new UsageError(`--timeout ${timeout}: is no duration such as 15s`);
  return ms;
};

const isReady = (pod: RawObject): boolean =>
  asList(asObject(pod['status'])['conditions'])
    .map(asObject)
    .some(({ type, status }) => type === 'Ready' && status === 'True');

const listPods = async (connection: ApiConnection, namespace: string | undefined): Promise<readonly RawObject[]> => {
  const inNamespace = (name: string): Promise<readonly RawObject[]> =>
    readAll(connection, `/api/v1/namespaces/${encodeURIComponent(name)}/pods`, { labelSelector: SELECTOR });
  if (namespace !== undefined) return inNamespace(namespace);
  try {
    return await readAll(connection, '/api/v1/pods', { labelSelector: SELECTOR });
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 403) throw error;
    return inNamespace(USUAL_NAMESPACE);
  }
};

/** One agent for each node: while a DaemonSet is updated a node can have two pods, of which the ready one counts. */
const agentsOf = (pods: readonly RawObject[]): readonly AgentPod[] => {
  const byNode = new Map<string, AgentPod>();
  for (const pod of [...pods].sort((a, b) => Number(isReady(a)) - Number(isReady(b)))) {
    const { name, namespace } = asObject(pod['metadata']);
    const node = asText(asObject(pod['spec'])['nodeName']);
    if (node === undefined) continue;
    byNode.set(node, { node, namespace: asText(namespace) ?? '', name: asText(name) ?? '' });
  }
  return [...byNode.values()].sort((a, b) => byText(a.node, b.node));
};

/** The agents of a cluster, and the nodes that have none. */
interface Found {
  readonly agents: readonly AgentPod[];
  readonly without: readonly string[];
}

const nodeNames = async (connection: ApiConnection): Promise<readonly string[]> => {
  try {
    const nodes = await readAll(connection, '/api/v1/nodes');
    return nodes.map((node) => asText(asObject(node['metadata'])['name']) ?? '');
  } catch (error) {
    if (error instanceof ApiError && error.code === 403) return [];
    throw error;
  }
};

const findAgents = async (options: AgentOptions, io: CliIo): Promise<Found> => {
  const connection = await connectToCluster(options, io);
  const [pods, nodes] = await Promise.all([listPods(connection, options.agentNamespace), nodeNames(connection)]);
  const all = agentsOf(pods);
  if (all.length === 0) {
    throw new Error(`the cluster has no agents: no pods have the labels ${SELECTOR}, or you may not see them`);
  }
  const wanted = options.node;
  const isWanted = (node: string): boolean => wanted === undefined || wanted.includes(node);
  for (const node of wanted ?? []) {
    if (!nodes.includes(node) && !all.some((agent) => agent.node === node)) {
      throw new UsageError(`--node ${node}: the cluster has no such node`);
    }
  }
  return {
    agents: all.filter(({ node }) => isWanted(node)),
    without: nodes.filter((node) => isWanted(node) && !all.some((agent) => agent.node === node)).sort(byText),
  };
};

/** Words of a command line that an agent of an older release does not know (commander). */
const UNKNOWN = /unknown (?:option|command|verb)[^\n]*/;

/** Returns the failure of a command in an agent's pod, in words. */
export const whyNoAnswer = (error: unknown): Error => {
  if (!(error instanceof CommandError)) return error instanceof Error ? error : new Error(String(error));
  if (error.timedOut) return new Error('no answer in time', { cause: error });
  const unknown = UNKNOWN.exec(error.stderr)?.[0];
  if (unknown !== undefined) return new Error(`its agent is older than this plugin: it answers "${unknown}"`);
  const said = error.stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('note: ') && !line.startsWith('command terminated'));
  return new Error(said.at(-1) ?? error.message, { cause: error });
};

/** Returns the arguments that make kubectl run a command line of the agent in its pod. */
export const execArgs = (
  { namespace, name }: AgentPod,
  args: readonly string[],
  more: readonly string[] = [],
): readonly string[] => ['exec', '-n', namespace, ...more, name, '--', 'portcullis', ...args];

/** The agents to ask, and how. */
export interface Agents {
  readonly kubectl: Kubectl;
  readonly agents: readonly AgentPod[];
  /** Nodes without an agent: nothing of theirs is known. */
  readonly without: readonly string[];
}

/** A command line for each agent. */
interface Question<R> {
  readonly args: readonly string[];
  readonly read: (output: string) => R;
  /** Its output is an answer too where it ends with exit code 1. */
  readonly readsFailures?: boolean;
}

export const openAgents = async (options: AgentOptions, io: CliIo): Promise<Agents> => ({
  kubectl: createKubectl(options, io),
  ...(await findAgents(options, io)),
});

/**
 * Runs a command line in the pod of each agent, with the user's own rights, and reads its output.
 * @returns an answer for each node, in the order of their names; nodes without an agent are among them
 */
export const askAgents = async <R>(
  { kubectl, agents, without }: Agents,
  options: AgentOptions,
  { args, read, readsFailures = false }: Question<R>,
  io: CliIo,
): Promise<readonly Answered<{ readonly node: string }, R>[]> => {
  const deadlineMs = deadlineOf(options);
  const progress = createProgress(io, process.stderr.isTTY);
  const answers = await fanOut<AgentPod, R>(agents, {
    atOnce: AT_ONCE,
    deadlineMs,
    async ask(agent) {
      try {
        return read(await kubectl.run(execArgs(agent, args), { timeoutMs: deadlineMs }));
      } catch (error) {
        if (readsFailures && error instanceof CommandError && error.stdout !== '') return read(error.stdout);
        throw whyNoAnswer(error);
      }
    },
    onAnswer(number) {
      progress.at(`asking ${agents.length} agents`, number / agents.length);
    },
  });
  progress.hide();
  return [
    ...answers,
    ...without.map((node) => ({ of: { node }, error: 'it has no agent: no policy is enforced there' })),
  ];
};

/** Names the nodes that did not answer on standard error. Returns whether all did. */
export const tellUnanswered = (
  answers: readonly Answered<{ readonly node: string }, unknown>[],
  io: CliIo,
): boolean => {
  const failed = answers.flatMap((answer) => ('error' in answer ? [answer] : []));
  for (const { of, error } of failed) io.err(`note: ${of.node} did not answer: ${error}\n`);
  return failed.length === 0;
};
