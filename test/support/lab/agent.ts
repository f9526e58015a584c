import { fileURLToPath } from 'node:url';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { onNode } from '../../../src/lab/node.ts';
import { startProcess } from '../../../src/lab/process.ts';
import type { IptablesBackend } from '../../../src/lab/settings.ts';
import { waitFor } from '../wait-for.ts';

const PORTCULLIS = fileURLToPath(new URL('../../../bin/portcullis', import.meta.url));
const PORT = 9577;
const READY_MS = 60_000;
/** A short interval of full comparisons, so that every test sees one soon. */
const DRIFT_INTERVAL = '200ms';
const REMEMBERED_LINES = 40;

export type AgentKind = 'pods' | 'namespaces' | 'networkpolicies';

/** The parts of an agent's GET /status that tests read. */
export interface AgentStatus {
  readonly ready: boolean;
  /** Whether a known change is not in force yet. */
  readonly pending: boolean;
  /** Failed passes in a row. */
  readonly failures?: number;
  /** The resourceVersions of the state in force. */
  readonly appliedResourceVersions: Readonly<Record<AgentKind, string>>;
  /** What is not in force while the rest is. */
  readonly notInForce?: readonly { readonly part: string }[];
  /** The last full comparison with the kernel, and when it began. */
  readonly lastCheck?: { readonly at: string; readonly differences: number };
  /** Time of the last write to the kernel. */
  readonly lastChange?: { readonly at: string };
}

export interface AgentSettings {
  readonly node: string;
  /** The node's address on the fabric, where the agent serves its status. */
  readonly address: string;
  readonly kubeconfig: string;
  readonly backend: IptablesBackend;
  /** Interval of full comparisons with the kernel; '200ms' if absent. */
  readonly driftInterval?: string;
  /** Whether packets are injected on links to which the node does not route their sources: then sources are not validated. */
  readonly injected?: boolean;
  /** The PATH of its programs; ours if absent. */
  readonly path?: string;
  /** Put before its command line, on the node. */
  readonly prefix?: readonly string[];
}

/** The built agent, running on a node of the lab. */
export interface RunningAgent {
  readonly node: string;
  status(): Promise<AgentStatus>;
  /** What GET /healthz says. */
  health(): Promise<string>;
  /** The last lines of its log. */
  log(): string;
  /** Ends it by SIGTERM, which leaves the rules in place. @throws if it did not exit with 0 */
  stop(): Promise<void>;
  /** Kills it by SIGKILL at any moment. */
  kill(): Promise<void>;
}

/** Asks again where the agent closed an idle connection just as the request began, as HTTP servers may (RFC 9112, 9.3.1). */
const ask = (url: string): Promise<Response> => fetch(url).catch(() => fetch(url));

/** Starts an agent and waits until it reports ready. */
export const startAgent = async (settings: AgentSettings): Promise<RunningAgent> => {
  const { node, address, kubeconfig, backend, driftInterval = DRIFT_INTERVAL, injected, path, prefix = [] } = settings;
  const lines: string[] = [];
  const listen = `${address}:${PORT}`;
  const [file, ...args] = [
    ...onNode(node),
    ...prefix,
    PORTCULLIS,
    'agent',
    `--kubeconfig=${kubeconfig}`,
    `--node-name=${node}`,
    `--listen=${listen}`,
    `--iptables-backend=${backend}`,
    `--drift-interval=${driftInterval}`,
    '--log-format=text',
    ...(injected === true ? ['--anti-spoofing=off'] : []),
  ] as const;
  const child = await startProcess(file, args, {
    ...(path !== undefined && { env: { PATH: path } }),
    output: (line) => {
      lines.push(line);
      if (lines.length > REMEMBERED_LINES) lines.shift();
    },
  });
  let exitCode: number | undefined;
  void child.ended.then(({ code }) => {
    exitCode = code;
  });
  const log = (): string => lines.join('\n');
  const status = async (): Promise<AgentStatus> => {
    if (exitCode !== undefined) throw new Error(`the agent on ${node} ended with ${exitCode}:\n${log()}`);
    const response = await ask(`http://${listen}/status`);
    return (await response.json()) as AgentStatus;
  };
  const isReady = (): Promise<true | undefined> =>
    status().then(
      ({ ready }) => ready || undefined,
      (error: unknown) => {
        // Not listening yet; an end is reported at once.
        if (exitCode !== undefined) throw error;
        return undefined;
      },
    );
  await waitFor(`the agent on ${node} to be ready`, READY_MS, isReady, log);
  return {
    node,
    status,
    health: async () => (await ask(`http://${listen}/healthz`)).text(),
    log,
    async kill() {
      child.signal('SIGKILL');
      await child.ended;
    },
    async stop() {
      const { code } = await child.stop();
      if (code !== 0) throw new Error(`the agent on ${node} ended with ${code}:\n${log()}`);
    },
  };
};

/** Runs `portcullis cleanup` on a node. */
export const cleanUpNode = async (node: string): Promise<void> => {
  await createCommandRunner(onNode(node)).run(PORTCULLIS, ['cleanup']);
};
