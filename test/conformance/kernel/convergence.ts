import type { AgentKind, AgentStatus, RunningAgent } from '../../support/lab/agent.ts';
import { waitFor } from '../../support/wait-for.ts';
import type { Written } from './world.ts';

const CONVERGE_MS = 60_000;

const holds = (status: AgentStatus, written: Written): boolean =>
  !status.pending &&
  [...written].every(([kind, version]) => BigInt(status.appliedResourceVersions[kind] || '0') >= version);

const missing = (status: AgentStatus | undefined, written: Written): string => {
  const wanted = [...written].map(([kind, version]: readonly [AgentKind, bigint]) => `${kind}=${version}`);
  return `wanted ${wanted.join(' ')}, its status is ${JSON.stringify(status)}`;
};

/** Waits until the agent reports that everything written is in force. @throws Error with its status and log */
export const untilApplied = async (agent: RunningAgent, written: Written): Promise<void> => {
  let last: AgentStatus | undefined;
  const ask = async (): Promise<true | undefined> => {
    last = await agent.status();
    return holds(last, written) ? true : undefined;
  };
  const describe = (): string => `${missing(last, written)}\n${agent.log()}`;
  await waitFor(`${agent.node} to apply the step`, CONVERGE_MS, ask, describe);
};

/** Waits for a full comparison after the last change. @returns the number of differences: a second plan's size */
export const secondPlan = async (agent: RunningAgent): Promise<number> => {
  const ask = async (): Promise<number | undefined> => {
    const { lastCheck, lastChange } = await agent.status();
    return lastCheck === undefined || lastCheck.at <= (lastChange?.at ?? '') ? undefined : lastCheck.differences;
  };
  return waitFor(`a full check on ${agent.node}`, CONVERGE_MS, ask, agent.log);
};
