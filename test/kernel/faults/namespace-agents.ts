import { randomUUID } from 'node:crypto';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Backend } from '../../../src/kernel/iptables.ts';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { inNetns } from '../../../src/lab/batch.ts';
import { type RunningProcess, startProcess } from '../../../src/lab/process.ts';
import { prepareSandbox } from '../../../src/lab/sandbox.ts';
import { waitFor } from '../../support/wait-for.ts';
import { rulesAlone } from '../../support/without-moments.ts';
import { cleanUp, removeFolder } from '../../support/clean-up.ts';

const PORTCULLIS = path.join(import.meta.dirname, '../../../bin/portcullis');
const DEADLINE_MS = 60_000;

export interface StartSettings {
  /** The prefix of the agent's command line inside the namespace. */
  readonly prefix?: readonly string[];
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A built agent that runs in the namespace. */
export interface AgentProcess extends RunningProcess {
  /** Its log so far. */
  log(): string;
  /** Waits for a line of its log. */
  says(pattern: RegExp): Promise<string>;
}

/** A network namespace and a folder of manifests, for agents as processes of their own. */
export interface AgentNamespace {
  readonly name: string;
  readonly folder: string;
  /** Runs a command in the namespace and returns what it prints. */
  run(file: string, ...args: string[]): Promise<string>;
  /** Writes a file of the folder, in one step. */
  write(file: string, text: string): Promise<void>;
  start(settings?: StartSettings): Promise<AgentProcess>;
  /** Returns the answer of /readyz; undefined if there is none. */
  ready(): Promise<{ readonly status: number; readonly body: string } | undefined>;
  untilReady(): Promise<void>;
  /** Reports whether an agent says that everything is in force. */
  idle(): Promise<boolean>;
  /**
   * Returns our rules and sets without counters, and without the set of a trial: an agent makes one a second after its start
   * where no policy is in force yet.
   */
  rules(): Promise<string>;
  untilRules(what: string, pattern: RegExp): Promise<string>;
  close(): Promise<void>;
}

export const openAgentNamespace = async (backend: Backend = 'nft'): Promise<AgentNamespace> => {
  const outside = createCommandRunner();
  await prepareSandbox(outside);
  const name = `agents-${randomUUID()}`;
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-agents-'));
  const agents: AgentProcess[] = [];
  await outside.run('ip', ['netns', 'add', name]);
  const inside = createCommandRunner(inNetns(name));
  const run: AgentNamespace['run'] = (file, ...args) => inside.run(file, args);
  await run('ip', 'link', 'set', 'lo', 'up');
  const logs = (): string => agents.map((agent) => agent.log()).join('\n---\n');

  const space: AgentNamespace = {
    name,
    folder,
    run,
    async write(file, text) {
      await writeFile(path.join(folder, `.${file}.new`), text);
      await rename(path.join(folder, `.${file}.new`), path.join(folder, file));
    },
    async start({ prefix = [], flags = [], env = {} } = {}) {
      const lines: string[] = [];
      const [file, ...args] = [
        ...inNetns(name),
        ...prefix,
        PORTCULLIS,
        'agent',
        `--manifests=${folder}`,
        '--node-name=n1',
        '--drift-interval=200ms',
        `--iptables-backend=${backend}`,
        '--log-format=text',
        ...flags,
      ] as const;
      const started = await startProcess(file, args, { env, output: (line) => lines.push(line) });
      const log = (): string => lines.join('\n');
      const agent: AgentProcess = {
        ...started,
        log,
        says: (pattern) =>
          waitFor(String(pattern), DEADLINE_MS, () => Promise.resolve(lines.find((line) => pattern.test(line))), log),
      };
      agents.push(agent);
      return agent;
    },
    async ready() {
      const format = '%{stderr}%{http_code}';
      const answer = await run('sh', '-c', `curl -s -w '${format}' 127.0.0.1:9577/readyz 2>&1`).catch(() => undefined);
      return answer === undefined ? undefined : { status: Number(answer.slice(-3)), body: answer.slice(0, -3) };
    },
    async untilReady() {
      const ask = async (): Promise<true | undefined> => ((await space.ready())?.status === 200 ? true : undefined);
      await waitFor('an agent to be ready', DEADLINE_MS, ask, logs);
    },
    async idle() {
      const answer = await run('curl', '-s', '127.0.0.1:9577/status').catch(() => '{}');
      return (JSON.parse(answer) as { readonly pending?: boolean }).pending === false;
    },
    async rules() {
      const saves = ['iptables', 'ip6tables'].flatMap((program) =>
        ['security', 'raw'].map((table) => run(`${program}-${backend}-save`, '-t', table)),
      );
      const text = `${(await Promise.all(saves)).join('')}${await run('ipset', 'save')}`;
      return rulesAlone(text).replaceAll(/ initval 0x[0-9a-f]+/g, '');
    },
    untilRules: (what, pattern) =>
      waitFor(
        what,
        DEADLINE_MS,
        async () => {
          const text = await space.rules();
          return pattern.test(text) ? text : undefined;
        },
        logs,
      ),
    async close() {
      await cleanUp(
        () => Promise.all(agents.map((agent) => agent.stop())),
        () => outside.run('ip', ['netns', 'delete', name]),
        () => removeFolder(folder),
      );
    },
  };
  return space;
};

/** A pod `shop/web` at 10.0.0.5 on node n1. */
export const POD = `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop, labels: { app: web } }
spec: { nodeName: n1, containers: [{ name: web, image: web }] }
status: { podIP: 10.0.0.5 }
`;

/** A policy that admits the port to every pod of the namespace. */
export const allowPort = (port: number): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: allow, namespace: shop }
spec: { podSelector: {}, ingress: [{ ports: [{ port: ${port} }] }] }
`;
