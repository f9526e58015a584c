import type { AgentSpec } from './agent/agent-spec.ts';
import { cleanNode } from './agent/clean-node.ts';
import { kernelCounts } from './agent/kernel-counts.ts';
import { runAgent, type RunningAgent } from './agent/run-agent.ts';
import { untilQuiet } from './agent/until-quiet.ts';
import type { BenchOptions } from './options.ts';
import { measureArrivals } from './rows/arrival.ts';
import { type ChangesContext, measureChanges } from './rows/changes.ts';
import { measureChurn } from './rows/churn.ts';
import { measureIdle } from './rows/idle.ts';
import { measurePackets } from './rows/packets.ts';
import type { RecordSample, RowGroup, RowId } from './rows/row.ts';
import { measureStart } from './rows/start.ts';
import { CAST, NODE_ADDRESS, podOf, SERVED_PORT, statusOf } from './stage/cast.ts';
import { openBareWatch } from './stage/bare-watch.ts';
import { flowFrom, nowNs } from './stage/flow.ts';
import type { Stage } from './stage/stage.ts';
import { SIZES } from './state/size.ts';

const SERVED = { ip: CAST.server.ip, port: SERVED_PORT };

/** Measures some cycles of all changes, beside a watch that does nothing. */
const measureCycles = async (
  stage: Stage,
  agent: RunningAgent,
  cycles: number,
  context: Omit<ChangesContext, 'admin' | 'watch'>,
): Promise<void> => {
  const watch = await openBareWatch(stage.api);
  try {
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      agent.assertAlive();
      await measureChanges({ ...context, admin: stage.api.admin, watch });
    }
  } finally {
    watch.end();
  }
};

const measureTraffic = async (
  stage: Stage,
  options: BenchOptions,
  start: () => Promise<RunningAgent>,
  record: RecordSample,
  recordHeard: RecordSample,
): Promise<RunningAgent> => {
  const client = await flowFrom(stage.prober, CAST.client, SERVED);
  const newcomer = await flowFrom(stage.prober, CAST.newcomer, SERVED);
  try {
    await client.until('open', nowNs());
    const since = nowNs();
    const agent = await start();
    const seconds = (await client.until('closed', since, 180_000)) / 1000;
    if (options.groups.includes('start')) record('cold-start', seconds);
    await newcomer.until('closed', since);
    await untilQuiet(agent);
    if (options.groups.includes('changes')) {
      await measureCycles(stage, agent, options.cycles, { client, newcomer, record, recordHeard });
    }
    if (options.groups.includes('arrival')) {
      await newcomer.until('closed', nowNs());
      await measureArrivals(stage, options.cycles, record);
      agent.assertAlive();
    }
    return agent;
  } finally {
    await client.end();
    await newcomer.end();
  }
};

/** Creates the newcomer's pod, so that an agent lets its packets pass, and deletes it. */
const measureAdmitted = async (stage: Stage, windows: number, record: RecordSample): Promise<void> => {
  const pod = podOf(CAST.newcomer);
  const { admin } = stage.api;
  const flow = await flowFrom(stage.prober, CAST.newcomer, SERVED);
  await admin.create(pod);
  await admin.patchStatus(pod, statusOf(CAST.newcomer));
  await flow.until('open', nowNs()).finally(() => flow.end());
  await measurePackets(stage.prober, stage.node, windows, record);
  await admin.delete(pod);
};

/** Measures the same without an agent, from an empty node to an empty node. */
export const measureBarePath = async (
  stage: Stage,
  rule: readonly string[] | undefined,
  windows: number,
  record: RecordSample,
): Promise<void> => {
  await cleanNode(stage.node);
  if (rule !== undefined) await stage.node.run('iptables-nft', rule);
  await measurePackets(stage.prober, stage.node, windows, record);
  await cleanNode(stage.node);
};

/**
 * Measures one sample of every row for one agent, and as many as there are windows of some rows, from an empty node to an
 * empty node.
 *
 * @param recordHeard takes the time at which a bare watch received each change
 */
export const measureRound = async (
  stage: Stage,
  spec: AgentSpec,
  options: BenchOptions,
  round: number,
  record: RecordSample,
  recordHeard: RecordSample,
): Promise<void> => {
  const size = SIZES[options.state];
  const wants = (group: RowGroup): boolean => options.groups.includes(group);
  const isLong = round < options.longSamples;
  const running: RunningAgent[] = [];
  const start = async (): Promise<RunningAgent> => {
    const agent = await runAgent(spec, stage.place);
    running.push(agent);
    return agent;
  };
  try {
    await cleanNode(stage.node);
    if (wants('start') && isLong) {
      await measureStart({ admin: stage.api.admin, node: stage.node, start, record });
      await cleanNode(stage.node);
    }
    const agent = await measureTraffic(stage, options, start, record, recordHeard);
    if (wants('counts') && round === 0) {
      for (const [row, count] of Object.entries(await kernelCounts(stage.node))) record(row as RowId, count);
    }
    if (wants('packets') && isLong) await measureAdmitted(stage, options.windows, record);
    if (wants('churn') && isLong) {
      // The load on the packet path left hundreds of thousands of entries, which a connection review would read.
      await stage.node.run('conntrack', ['-F']);
      const context = { admin: stage.api.admin, size, nodeAddress: NODE_ADDRESS };
      for (const seconds of await measureChurn(agent, context, options)) record('churn-cpu', seconds);
    }
    if (wants('memory')) {
      const { peakMb, residentMb, childrenPeakMb } = agent.usage();
      record('peak-memory', peakMb);
      record('resident-memory', residentMb);
      record('children-memory', childrenPeakMb);
    }
    if (wants('idle') && isLong) {
      await untilQuiet(agent);
      for (const share of await measureIdle(agent, options)) record('idle-cpu', share);
    }
  } finally {
    for (const agent of running) await agent.stop();
    await cleanNode(stage.node);
  }
};
