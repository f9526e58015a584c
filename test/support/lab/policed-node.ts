import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createCommandRunner, type CommandOptions } from '../../../src/kernel/command.ts';
import { nodeAddress } from '../../../src/lab/fabric.ts';
import { onNode } from '../../../src/lab/node.ts';
import { type ProcessEnd, type RunningProcess, startProcess } from '../../../src/lab/process.ts';
import type { IptablesBackend } from '../../../src/lab/settings.ts';
import { IP_FAMILIES, type IpFamily } from '../../../src/model/family.ts';
import { cleanUp, removeFolder } from '../clean-up.ts';
import { waitFor } from '../wait-for.ts';
import { openLab } from './open-lab.ts';
import { createProber, type Outcome } from './prober.ts';
import { dualStackNode } from './small-lab.ts';

const PORTCULLIS = path.join(import.meta.dirname, '../../../bin/portcullis');
const DEADLINE_MS = 90_000;
const CLEANUP_MS = 120_000;
/** Maximum time for the end of an agent, on a busy machine. */
const END_MS = 30_000;
const NODE = 'node1';
const LISTEN = `${nodeAddress('ipv4', 1)}:9577`;
/** Maximum time of an allowed connection on a busy machine; without an answer until then it counts as refused. */
const PATIENCE_MS = { client: 3_000, stranger: 400 } as const;

const PODS = {
  web: { ips: ['10.244.1.5', 'fd00:10:244:1::5'], device: 'veth00000005' },
  client: { ips: ['10.244.1.6', 'fd00:10:244:1::6'], device: 'veth00000006' },
  stranger: { ips: ['10.244.1.7', 'fd00:10:244:1::7'], device: 'veth00000007' },
} as const;
type PodName = keyof typeof PODS;
const NAMES = Object.keys(PODS) as PodName[];

/** Who may be let in to `web`. */
export type Caller = 'client' | 'stranger';

const policyFor = (names: readonly Caller[]): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    podSelector: { matchLabels: { name: 'web' } },
    policyTypes: ['Ingress'],
    ingress: names.map((name) => ({ from: [{ podSelector: { matchLabels: { name } } }] })),
  },
});

const MANIFESTS = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    ...NAMES.map((name) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', labels: { name } },
      spec: { nodeName: NODE, containers: [{ name: 'c', image: 'c' }] },
      status: { podIPs: PODS[name].ips.map((ip) => ({ ip })) },
    })),
  ],
};

/** How an agent is started. */
export interface AgentStart {
  /** Shell scripts that it finds instead of the programs of these names; absent: those of the last start. */
  readonly tools?: Readonly<Record<string, string>>;
  readonly flags?: readonly string[];
  /** Put before its command line, on the node. */
  readonly prefix?: readonly string[];
  /** A folder where it looks for programs before all others but `tools`. */
  readonly bin?: string;
}

/** A node with the pods `web`, `client` and `stranger`, a policy for `web`, and the built agent. */
export interface PolicedNode {
  readonly backend: IptablesBackend;
  /** A folder of its own, for whatever a test puts there. */
  readonly folder: string;
  /** Where iptables-legacy locks on this node. */
  readonly lock: string;
  /** Runs a program on the node. */
  run(file: string, args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Starts a program on the node, as the first of a process group of its own. */
  startBeside(file: string, ...args: readonly string[]): Promise<RunningProcess>;
  /** Writes the policy: `web` lets these in, and nobody else. */
  putPolicy(...allowed: readonly Caller[]): Promise<void>;
  start(settings?: AgentStart): Promise<RunningProcess>;
  /** Ends the agent, if one runs. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<ProcessEnd | undefined>;
  /** Removes a stand-in of the last start. */
  takeTool(name: string): Promise<void>;
  get(endpoint: 'healthz' | 'readyz' | 'status' | 'metrics'): Promise<{ readonly code: number; readonly text: string }>;
  /** The log of the last agent. */
  log(): readonly string[];
  /** Waits until that is so; an error counts as no. @throws after the deadline, with the agent's log */
  until(what: string, isSo: () => Promise<boolean>, deadlineMs?: number): Promise<true>;
  /** Waits until the agent has programmed the kernel for the first time. */
  untilStarted(): Promise<true>;
  /** Connects to `web` over each family. `patienceMs` is when silence counts as no; if absent, 3 s for the client and 0.4 s for the stranger. */
  probe(from: Caller, families: readonly IpFamily[], patienceMs?: number): Promise<readonly Outcome[]>;
  /** Opens a connection to `web` that stays. @returns whether it still is answered */
  connect(from: Caller, family: IpFamily): Promise<() => Promise<boolean>>;
  /** Runs `portcullis cleanup`, with the tools that an agent started so has, or else ours. @throws CommandError where it fails */
  cleanup(settings?: AgentStart): Promise<string>;
  close(): Promise<void>;
}

/** Takes the only lab of the sandbox (open-lab.ts). */
export const openPolicedNode = async (backend: IptablesBackend = 'nft'): Promise<PolicedNode> => {
  const prober = await createProber();
  const lab = await openLab({ families: IP_FAMILIES, attach: 'ptp', backend });
  await lab.addNode(dualStackNode(1));
  await lab.addPods(NAMES.map((name) => ({ name, node: NODE, ...PODS[name] })));
  await prober.serve(PODS.web.ips.map((ip) => ({ netns: 'web', ip, protocol: 'TCP' as const, port: 80 })));
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-policed-'));
  const bin = path.join(folder, 'bin');
  const state = path.join(folder, 'state');
  await mkdir(bin);
  await mkdir(state);
  await writeFile(path.join(state, 'pods.json'), JSON.stringify(MANIFESTS));
  const runner = createCommandRunner(onNode(NODE));
  let agent: RunningProcess | undefined;
  let lines: string[] = [];
  let flows = 0;

  const pathOf = ({ bin: more }: AgentStart): string =>
    [bin, more, process.env['PATH']].filter((each) => each !== undefined).join(':');

  const node: PolicedNode = {
    backend,
    folder,
    lock: `/run/xtables-${NODE}.lock`,
    run: (file, args, options) => runner.run(file, args, options),
    startBeside: (file, ...args) => {
      const [first, ...prefix] = onNode(NODE);
      // The first of a process group of its own, so that what it starts can be ended with it.
      return startProcess(first, [...prefix, 'setsid', file, ...args]);
    },
    async putPolicy(...allowed) {
      const file = path.join(state, 'policy.json');
      await writeFile(`${file}.new`, JSON.stringify(policyFor(allowed)));
      await rename(`${file}.new`, file);
    },
    async start(settings = {}) {
      const { tools, flags = [], prefix = [] } = settings;
      if (tools !== undefined) {
        await rm(bin, { recursive: true, force: true });
        await mkdir(bin);
        for (const [tool, script] of Object.entries(tools)) {
          await writeFile(path.join(bin, tool), script);
          await chmod(path.join(bin, tool), 0o755);
        }
      }
      const [file, ...args] = [
        ...onNode(NODE),
        ...prefix,
        PORTCULLIS,
        'agent',
        `--manifests=${state}`,
        `--node-name=${NODE}`,
        `--listen=${LISTEN}`,
        `--iptables-backend=${backend === 'nft' ? 'auto' : backend}`,
        '--drift-interval=200ms',
        '--log-format=text',
        ...flags,
      ] as const;
      lines = [];
      const now = lines;
      agent = await startProcess(file, args, {
        env: { PATH: pathOf(settings) },
        output: (line) => now.push(line),
      });
      return agent;
    },
    async end(signal = 'SIGTERM') {
      const ending = agent;
      agent = undefined;
      if (signal === 'SIGTERM') return ending?.stop(END_MS);
      ending?.signal(signal);
      return ending?.ended;
    },
    takeTool: (name) => rm(path.join(bin, name)),
    async get(endpoint) {
      const answer = await fetch(`http://${LISTEN}/${endpoint}`);
      return { code: answer.status, text: await answer.text() };
    },
    log: () => lines,
    until: (what, isSo, deadlineMs = DEADLINE_MS) =>
      waitFor(
        what,
        deadlineMs,
        async () => ((await isSo().catch(() => false)) ? true : undefined),
        () => lines.join('\n'),
      ),
    untilStarted: () =>
      node.until('the first programming', async () => (await node.get('status')).text.includes('"ready": true')),
    probe: (from, families, patienceMs = PATIENCE_MS[from]) =>
      prober.probe(
        families.map((family) => {
          const at = IP_FAMILIES.indexOf(family);
          const [source = '', to = ''] = [PODS[from].ips[at], PODS.web.ips[at]];
          return { netns: from, protocol: 'TCP' as const, from: source, to, port: 80, timeoutMs: patienceMs };
        }),
      ),
    async connect(from, family) {
      const at = IP_FAMILIES.indexOf(family);
      const name = `flow${(flows += 1)}`;
      const [source = '', to = ''] = [PODS[from].ips[at], PODS.web.ips[at]];
      await prober.open({ name, netns: from, protocol: 'TCP', from: source, to, port: 80, count: 1 });
      return async () => (await prober.ask(name, PATIENCE_MS.stranger)).every((answered) => answered);
    },
    cleanup: (settings) =>
      runner.run(
        'env',
        [
          ...(settings === undefined ? [] : [`PATH=${pathOf(settings)}`, ...(settings.prefix ?? [])]),
          PORTCULLIS,
          'cleanup',
        ],
        { timeoutMs: CLEANUP_MS },
      ),
    close: () =>
      cleanUp(
        () => node.end(),
        () => prober.close(),
        () => lab.close(),
        () => removeFolder(folder),
      ),
  };
  return node;
};
