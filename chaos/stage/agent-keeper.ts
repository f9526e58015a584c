import { nodeIp } from '../../src/lab/node.ts';
import { type AgentSettings, type AgentStatus, type RunningAgent, startAgent } from '../../test/support/lab/agent.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import type { Written } from '../world/write-changes.ts';
import type { ChaosNode } from './node.ts';

/** The agent of a node, across its processes. */
export interface AgentKeeper {
  readonly node: string;
  status(): Promise<AgentStatus>;
  /** What its /healthz says. @throws where it does not run, or does not answer */
  health(): Promise<string>;
  log(): string;
  /** Ends it by SIGTERM or SIGKILL. The next `revive` starts another one. */
  end(how: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it if it does not run. */
  revive(): Promise<void>;
  /**
   * Waits until it reports that everything written is in force. With `recheck`, also until it has begun after this call to
   * compare the whole kernel, and has repaired what it found. @throws Error with its status and log after the deadline
   */
  untilApplied(written: Written, recheck: boolean, deadlineMs: number): Promise<void>;
}

const isSettled = (status: AgentStatus, written: Written): boolean => {
  if (status.pending || !status.ready || (status.failures ?? 0) > 0) return false;
  return [...written].every(([kind, version]) => BigInt(status.appliedResourceVersions[kind] || '0') >= version);
};

/** A broken connection is ignored (fetch then throws a TypeError); the end of the agent is reported separately. */
const unlessUnreachable = (error: unknown): undefined => {
  if (!(error instanceof TypeError)) throw error;
};

export const createAgentKeeper = async (
  { spec }: ChaosNode,
  settings: Omit<AgentSettings, 'node' | 'address'>,
): Promise<AgentKeeper> => {
  const start = (): Promise<RunningAgent> =>
    startAgent({ ...settings, node: spec.name, address: nodeIp(spec, 'ipv4') ?? '' });
  let agent: RunningAgent | undefined = await start();
  const running = (): RunningAgent => {
    if (agent === undefined) throw new Error(`the agent of ${spec.name} is down`);
    return agent;
  };
  return {
    node: spec.name,
    status: () => running().status(),
    health: () => running().health(),
    log: () => agent?.log() ?? '',
    async end(how) {
      const ending = agent;
      agent = undefined;
      if (how === 'SIGKILL') await ending?.kill();
      else await ending?.stop();
    },
    async revive() {
      agent ??= await start();
    },
    async untilApplied(written, recheck, deadlineMs) {
      let last: AgentStatus | undefined;
      const calledAt = new Date().toISOString();
      const hasCompared = ({ lastCheck }: AgentStatus): boolean => lastCheck !== undefined && lastCheck.at > calledAt;
      const ask = async (): Promise<true | undefined> => {
        last = await running().status().catch(unlessUnreachable);
        if (last === undefined) return undefined;
        return (isSettled(last, written) && (!recheck || hasCompared(last))) || undefined;
      };
      const wanted = [...written].map(([kind, version]) => `${kind}=${version}`).join(' ');
      const describe = (): string => `wanted ${wanted}, its status is ${JSON.stringify(last)}\n${running().log()}`;
      await waitFor(`the agent of ${spec.name} to settle`, deadlineMs, ask, describe);
    },
  };
};
