import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import packageJson from '../../../package.json' with { type: 'json' };
import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import { createCommandRunner } from '../../kernel/command.ts';
import { messageOf } from '../../model/message-of.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { contextOption, kubeconfigOption, loadLive } from '../live-cluster.ts';
import { type CliIo, UsageError, type Verb } from '../verb.ts';
import { type AgentOptions, agentOptions, type Agents, askAgents, AT_ONCE, deadlineOf, openAgents } from './agents.ts';
import { type Answered, fanOut } from './fan-out.ts';

type Answers<R> = readonly Answered<{ readonly node: string }, R>[];

const ARCHIVE = /\.(?:tar\.gz|tgz)$/;
/** Lines of an agent's log. */
const LOG_LINES = 5000;

/** A file of the bundle. */
interface BundleFile {
  readonly name: string;
  readonly about: string;
  readonly content: string;
}

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const podObject = ({ namespace, name, node, labels, ips, hostIPs, hostNetwork, ports, workload }: PodEndpoint) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, labels: Object.fromEntries(labels) },
  spec: {
    nodeName: node,
    ...(hostNetwork ? { hostNetwork } : {}),
    containers: [
      {
        name: workload?.split('/').at(-1) ?? name,
        image: 'none',
        ports: ports.map((port) => ({
          containerPort: port.port,
          protocol: port.protocol,
          ...(port.name === undefined ? {} : { name: port.name }),
        })),
      },
    ],
  },
  status: { podIPs: ips.map((ip) => ({ ip })), hostIPs: hostIPs.map((ip) => ({ ip })) },
});

/** The parts of the cluster that policies depend on, as manifests that every verb reads with -f. */
const clusterObjects = ({ snapshot: { namespaces, pods, policies } }: LoadedManifests): object => ({
  apiVersion: 'v1',
  kind: 'List',
  items: [
    ...[...namespaces.values()].map(({ name, labels }) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name, labels: Object.fromEntries(labels) },
    })),
    ...[...pods.values()].map(podObject),
    ...[...policies.values()].map(({ namespace, name, spec }) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace, name },
      spec,
    })),
  ],
});

const filesOf = (folder: string, ending: string, about: string, answers: Answers<string>): readonly BundleFile[] =>
  answers.flatMap((answer) =>
    'value' in answer ? [{ name: `${folder}/${answer.of.node}.${ending}`, about, content: answer.value }] : [],
  );

const errorsOf = (what: string, answers: Answers<unknown>): readonly string[] =>
  answers.flatMap((answer) => ('error' in answer ? [`${what} of ${answer.of.node}: ${answer.error}`] : []));

const logsOf = ({ kubectl, agents }: Agents, options: AgentOptions): Promise<Answers<string>> =>
  fanOut(agents, {
    atOnce: AT_ONCE,
    deadlineMs: deadlineOf(options),
    ask: ({ namespace, name }) =>
      kubectl.run(['logs', '-n', namespace, name, `--tail=${LOG_LINES}`, '--all-containers'], {
        timeoutMs: deadlineOf(options),
      }),
  });

const collect = async (options: AgentOptions, io: CliIo): Promise<readonly BundleFile[]> => {
  const errors: string[] = [];
  const cluster = await loadLive(options, io).catch((error: unknown) => {
    errors.push(`the cluster: ${messageOf(error)}`);
    return undefined;
  });
  const agents = await openAgents(options, io);
  const asIs = (output: string): string => output;
  const ask = (...args: readonly string[]): Promise<Answers<string>> =>
    askAgents(agents, options, { args, read: asIs, readsFailures: true }, io);
  const versions = await ask('--version');
  const status = await ask('status', '-o', 'json');
  const flows = await ask('flows', '-o', 'json');
  const logs = await logsOf(agents, options);
  errors.push(...errorsOf('the version', versions), ...errorsOf('the status', status));
  errors.push(...errorsOf('the flows', flows), ...errorsOf('the log', logs));
  return [
    {
      name: 'agents.json',
      about: "the agents' pods and versions, and the version of this plugin",
      content: json({
        plugin: packageJson.version,
        agents: agents.agents,
        nodesWithoutAgent: agents.without,
        versions: versions.map((answer) => ({
          node: answer.of.node,
          version: 'value' in answer ? answer.value.trim() : null,
        })),
      }),
    },
    ...(cluster === undefined
      ? []
      : [
          {
            name: 'cluster.json',
            about:
              'namespaces with labels; pods with labels, addresses, node and ports; policies: for -f of every verb',
            content: json(clusterObjects(cluster)),
          },
        ]),
    ...filesOf('status', 'json', 'what the agent of the node says of its state', status),
    ...filesOf('flows', 'json', 'who talked to whom on the node: names and addresses, for suggest --flows', flows),
    ...filesOf('logs', 'log', `the last ${LOG_LINES} lines of the agent's log`, logs),
    {
      name: 'errors.txt',
      about: 'what could not be collected, and why',
      content: errors.length === 0 ? 'nothing\n' : `${errors.join('\n')}\n`,
    },
  ];
};

const contentsOf = (files: readonly BundleFile[]): string =>
  [
    'What is in this bundle:',
    '',
    ...files.map(({ name, about }) => `${name}: ${about}`),
    '',
    'What is not: Secrets, ConfigMaps, and of pods their environment, arguments, images, annotations and logs.',
    'It does have names and addresses of pods, and labels: look it through before you pass it on.',
    '',
  ].join('\n');

const writeInto = async (folder: string, files: readonly BundleFile[]): Promise<void> => {
  for (const { name, content } of files) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
};

const archive = async (target: string, files: readonly BundleFile[]): Promise<void> => {
  const top = path.basename(target).replace(ARCHIVE, '');
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-support-'));
  try {
    await writeInto(path.join(folder, top), files);
    await createCommandRunner().run('tar', ['-czf', path.resolve(target), '-C', folder, top]);
  } finally {
    await rm(folder, { recursive: true });
  }
};

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );

export const pluginSupportVerb: Verb = {
  declare(command) {
    command
      .argument('<target>', 'a folder to make, or a file that ends in .tar.gz')
      .addOption(kubeconfigOption())
      .addOption(contextOption());
    for (const option of agentOptions()) command.addOption(option);
    command.addHelpText(
      'after',
      `
Collects versions, the agents' state, records and logs, and the parts of the
cluster that policies depend on. No Secrets are read, and nothing of a pod but
its name, labels, addresses, node and ports. CONTENTS.txt lists what is in it.

Examples:
  kubectl portcullis support portcullis-support.tar.gz
  kubectl portcullis support ./bundle --node n1`,
    );
  },
  async run(command, io) {
    const options = command.opts<AgentOptions>();
    const [target = ''] = command.args;
    if (await exists(target)) throw new UsageError(`${target} is there already`);
    const files = await collect(options, io);
    const contents = contentsOf(files);
    const all = [{ name: 'CONTENTS.txt', about: '', content: contents }, ...files];
    await (ARCHIVE.test(target) ? archive(target, all) : writeInto(target, all));
    io.out(`${contents}\nwritten to ${target}\n`);
    const failed = files.find(({ name }) => name === 'errors.txt')?.content ?? '';
    if (failed === 'nothing\n') return 0;
    io.err(failed.replaceAll(/^(?=.)/gm, 'note: '));
    return 1;
  },
};
