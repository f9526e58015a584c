import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { OBJECT_KINDS, type ObjectKind } from '../../model/cluster-change.ts';
import { onNode } from '../../lab/node.ts';
import { type RunningProcess, startProcess } from '../../lab/process.ts';
import type { IptablesBackend } from '../../lab/settings.ts';
import type { IpFamily } from '../../model/family.ts';
import type { ReconcilerStatus } from '../../reconcile/status.ts';
import type { PlayNode } from './nodes.ts';
import type { OwnProgram } from './own-program.ts';

/** The resourceVersions, by kind, that agents must have in force. */
export type Revisions = Readonly<Record<ObjectKind, string>>;

/** The agents of the playground, one real process per node. */
export interface Agents {
  start(node: PlayNode): Promise<void>;
  /**
   * Waits until every agent reports that a state is in force.
   * @throws Error with the agent's report if it does not get there in time
   */
  settle(revisions: Revisions): Promise<void>;
}

export interface AgentsDeps {
  readonly program: OwnProgram;
  readonly families: readonly IpFamily[];
  readonly backend: IptablesBackend;
  /** The flags of the agents' source: `--manifests DIR` or `--kubeconfig FILE`. */
  readonly flags: readonly string[];
}

interface RunningAgent {
  readonly node: PlayNode;
  readonly process: RunningProcess;
  /** The newest lines of its log. */
  readonly log: string[];
  end: number | undefined;
}

/** Served on the node's own address, so that it can be read from outside the node. */
const STATUS_PORT = 9577;
/** Short, so that rules that a curious person flushes are restored quickly. */
const DRIFT_INTERVAL = '1s';
/** Long, since all processes of a playground begin at once: on a busy machine an agent took 19 s to report its first pods. */
const SETTLE_MS = 120_000;
const POLL_MS = 20;
const LOG_LINES = 12;

const statusUrl = ({ spec }: PlayNode): string => {
  const [ip = ''] = spec.ips;
  return `http://${ip.includes(':') ? `[${ip}]` : ip}:${STATUS_PORT}/status`;
};

/** Returns undefined while the agent does not answer. */
const readStatus = (node: PlayNode): Promise<ReconcilerStatus | undefined> =>
  new Promise((resolve) => {
    const request = get(statusUrl(node), { timeout: 2_000 }, (response) => {
      text(response).then(
        (body) => {
          resolve(JSON.parse(body) as ReconcilerStatus);
        },
        () => {
          resolve(undefined);
        },
      );
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => {
      resolve(undefined);
    });
  });

const hasApplied = (status: ReconcilerStatus, revisions: Revisions): boolean =>
  status.ready &&
  status.failures === 0 &&
  OBJECT_KINDS.every((kind) => Number(status.appliedResourceVersions[kind] || 0) >= Number(revisions[kind] || 0));

const describeFamilies = (families: readonly IpFamily[]): string =>
  families.length > 1 ? 'dual' : (families[0] ?? 'auto');

const troubleOf = (agent: RunningAgent, status: ReconcilerStatus | undefined): string => {
  const { node, end, log } = agent;
  const state =
    end === undefined
      ? `does not report the newest policies in force after ${SETTLE_MS / 1000} s`
      : `ended with exit code ${end}`;
  const error = status?.lastError === undefined ? '' : `: ${status.lastError}`;
  return [`the agent of ${node.name} ${state}${error}`, ...log.map((line) => `  ${line}`)].join('\n');
};

export const createAgents = ({ program, families, backend, flags }: AgentsDeps): Agents => {
  const agents: RunningAgent[] = [];

  const settleOne = async (agent: RunningAgent, revisions: Revisions): Promise<void> => {
    const deadline = performance.now() + SETTLE_MS;
    for (;;) {
      const status = await readStatus(agent.node);
      if (status !== undefined && hasApplied(status, revisions)) return;
      if (agent.end !== undefined || performance.now() > deadline) throw new Error(troubleOf(agent, status));
      await delay(POLL_MS);
    }
  };

  return {
    async start(node) {
      const [ip = ''] = node.spec.ips;
      const listen = `${ip.includes(':') ? `[${ip}]` : ip}:${STATUS_PORT}`;
      const [file, ...prefix] = onNode(node.spec.name);
      const log: string[] = [];
      const settings = {
        '--node-name': node.name,
        '--listen': listen,
        '--iptables-backend': backend,
        '--ip-families': describeFamilies(families),
        '--drift-interval': DRIFT_INTERVAL,
        '--log-format': 'text',
      };
      const args = [...prefix, program.node, program.entry, 'agent', ...flags, ...Object.entries(settings).flat()];
      const process = await startProcess(file, args, {
        output: (line) => {
          log.push(line);
          log.splice(0, log.length - LOG_LINES);
        },
      });
      const agent: RunningAgent = { node, process, log, end: undefined };
      void process.ended.then(({ code }) => {
        agent.end = code;
      });
      agents.push(agent);
    },
    async settle(revisions) {
      await Promise.all(agents.map((agent) => settleOne(agent, revisions)));
    },
  };
};
