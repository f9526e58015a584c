import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import type { CommandRunner } from '../../src/kernel/command.ts';
import type { RunningAgent } from '../agent/run-agent.ts';
import { untilQuiet } from '../agent/until-quiet.ts';
import { apiLoad } from '../stage/api-load.ts';
import type { RowId } from './row.ts';

export interface StartContext {
  readonly admin: AdminClient;
  readonly node: CommandRunner;
  readonly start: () => Promise<RunningAgent>;
  readonly record: (row: RowId, value: number) => void;
}

/** What a cold start costs the node and the API server, on a node where nothing else is sent. */
export const measureStart = async ({ admin, node, start, record }: StartContext): Promise<void> => {
  const before = await apiLoad(admin, node);
  const agent = await start();
  try {
    await untilQuiet(agent);
    const after = await apiLoad(admin, node);
    record('start-cpu', agent.usage().cpuSeconds);
    record('start-requests', after.lists - before.lists);
    record('watches', after.watches - before.watches);
    record('start-kilobytes', (after.receivedBytes - before.receivedBytes) / 1000);
  } finally {
    await agent.stop();
  }
};
