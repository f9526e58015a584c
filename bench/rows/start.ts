import type { AdminClient } from '../../src/lab/apiserver/client.ts';
import type { CommandRunner } from '../../src/kernel/command.ts';
import type { RunningAgent } from '../agent/run-agent.ts';
import { untilQuiet } from '../agent/until-quiet.ts';
import { apiLoad } from '../stage/api-load.ts';
import type { RecordSample } from './row.ts';

/** Pods, namespaces and policies: every agent watches at least these. */
const KINDS = 3;

export interface StartContext {
  readonly admin: AdminClient;
  readonly node: CommandRunner;
  readonly start: () => Promise<RunningAgent>;
  readonly record: RecordSample;
}

/** Measures what a cold start costs the node and the API server, on a node without other traffic. */
export const measureStart = async ({ admin, node, start, record }: StartContext): Promise<void> => {
  const before = await apiLoad(admin, node);
  const agent = await start();
  try {
    await untilQuiet(agent);
    let after = await apiLoad(admin, node);
    // A slow server also makes an agent idle.
    for (let more = 0; more < 10 && after.watches - before.watches < KINDS; more += 1) {
      await untilQuiet(agent);
      after = await apiLoad(admin, node);
    }
    record('start-cpu', agent.usage().cpuSeconds);
    record('start-requests', after.lists - before.lists);
    record('watches', after.watches - before.watches);
    record('start-kilobytes', (after.receivedBytes - before.receivedBytes) / 1000);
  } finally {
    await agent.stop();
  }
};
