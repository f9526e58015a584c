import path from 'node:path';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { onNode } from '../../../src/lab/node.ts';
import { type RunningProcess, startProcess } from '../../../src/lab/process.ts';
import type { IptablesBackend } from '../../../src/lab/settings.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { Node } from './cast.ts';

/** The checkout whose agent the suite attacks: this one, or the one that the variable names. It must be built. */
export const CHECKOUT = process.env['PORTCULLIS_CHECKOUT'] ?? path.join(import.meta.dirname, '../../..');

const PORTCULLIS = path.join(CHECKOUT, 'bin/portcullis');
const URL = 'http://127.0.0.1:9577';
const READY_MS = 60_000;
const LEARNED_MS = 20_000;
const APPLIED_MS = 30_000;
const REMEMBERED_LINES = 60;

interface Status {
  readonly pending: boolean;
  readonly appliedResourceVersions?: Readonly<Record<string, string>>;
}

/** An agent of the attacked checkout on a node. */
export interface NodeAgent {
  /** Resolves once that version of the folder's state is in force. */
  applied(version: number): Promise<void>;
  /** Resolves once it no longer judges by addresses only, as it does until pods without CNI results have answered. */
  learned(): Promise<void>;
  log(): string;
  /** Ends it by SIGKILL. */
  kill(): Promise<void>;
  /** Ends it by SIGTERM, which keeps its rules. */
  stop(): Promise<void>;
}

export interface AgentPlace {
  readonly node: Node;
  readonly manifests: string;
  readonly results: string;
  readonly backend: IptablesBackend;
}

/** Starts an agent and waits until it reports that it is ready. */
export const startNodeAgent = async ({ node, manifests, results, backend }: AgentPlace): Promise<NodeAgent> => {
  const lines: string[] = [];
  const [file, ...args] = [
    ...onNode(node),
    PORTCULLIS,
    'agent',
    `--manifests=${manifests}`,
    `--node-name=${node}`,
    `--cni-results=${results}`,
    `--iptables-backend=${backend}`,
    '--log-format=text',
  ] as const;
  const child: RunningProcess = await startProcess(file, args, {
    output: (line) => {
      lines.push(line);
      if (lines.length > REMEMBERED_LINES) lines.shift();
    },
  });
  const log = (): string => lines.join('\n');
  const get = (what: string): Promise<string> =>
    createCommandRunner(onNode(node)).run('curl', ['-s', '-f', '-m', '3', `${URL}${what}`]);
  const ask = (what: string): Promise<string | undefined> => get(what).catch(() => undefined);
  await waitFor(`the agent on ${node} to be ready`, READY_MS, () => ask('/readyz'), log);
  return {
    async applied(version) {
      await waitFor(
        `version ${version} to be in force on ${node}`,
        APPLIED_MS,
        async () => {
          const text = await ask('/status');
          if (text === undefined) return undefined;
          const { pending, appliedResourceVersions: applied } = JSON.parse(text) as Status;
          return !pending && Number(applied?.['namespaces'] ?? 0) >= version ? true : undefined;
        },
        log,
      );
    },
    async learned() {
      const known = /^portcullis_guarantee\{.*level="(?:full|learned)".*\} 1$/m;
      const isLearned = async (): Promise<true | undefined> => {
        const text = (await ask('/metrics')) ?? 'portcullis_guarantee';
        return known.test(text) || !text.includes('portcullis_guarantee') ? true : undefined;
      };
      await waitFor(`the agent on ${node} to know its pods' ports`, LEARNED_MS, isLearned, log);
    },
    log,
    async kill() {
      child.signal('SIGKILL');
      await child.ended;
    },
    async stop() {
      await child.stop();
    },
  };
};
