import path from 'node:path';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { agentOf, type AgentSpec } from '../agent/agent-spec.ts';
import { cleanNode } from '../agent/clean-node.ts';
import { runAgent } from '../agent/run-agent.ts';
import { untilQuiet } from '../agent/until-quiet.ts';
import { describeMachine } from '../report/machine.ts';
import { CAST, FRIENDS_ONLY, SERVED_PORT } from '../stage/cast.ts';
import { flowFrom, nowNs } from '../stage/flow.ts';
import { openPolicyWatch } from '../stage/policy-watch.ts';
import { openStage, type Stage } from '../stage/stage.ts';
import { SIZES } from '../state/size.ts';
import { measureTenant, type TenantResult } from './measure.ts';
import { parseHostileOptions } from './options.ts';
import { isWithin, writeHostileReport } from './report.ts';
import { HOSTILE_NAMESPACE, HOSTILE_TENANTS, type HostileTenant, hostilePods } from './tenants.ts';

/** The inner half of `npm run bench:hostile`, inside the sandbox. */

const root = path.join(import.meta.dirname, '../..');
const options = parseHostileOptions(process.argv.slice(2), root);

const say = (line: string): void => {
  console.error(`bench: ${line}`);
};

const specOf = (): AgentSpec => {
  const spec = agentOf(root);
  return { ...spec, command: `${spec.command} --iptables-backend ${options.backend}` };
};

const measureOne = async (stage: Stage, tenant: HostileTenant): Promise<TenantResult> => {
  await cleanNode(stage.node);
  await stage.api.admin.patch(FRIENDS_ONLY, { spec: FRIENDS_ONLY.spec });
  const flow = await flowFrom(stage.prober, CAST.client, { ip: CAST.server.ip, port: SERVED_PORT });
  const agent = await runAgent(specOf(), stage.place);
  const watch = await openPolicyWatch(stage.api, FRIENDS_ONLY.metadata);
  try {
    await flow.until('closed', nowNs(), 60_000);
    await untilQuiet(agent);
    const { admin } = stage.api;
    return await measureTenant(tenant, { admin, flow, watch, agent, grounds: stage, count: options.changes });
  } finally {
    await watch.end();
    await agent.stop();
    await flow.end();
  }
};

const stage = await openStage(SIZES[options.state], say);
try {
  const { admin } = stage.api;
  await admin.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: HOSTILE_NAMESPACE } });
  for (const { pod, status } of hostilePods()) {
    await admin.create(pod);
    await admin.patchStatus(pod, status);
  }
  const tenants: TenantResult[] = [];
  const chosen = HOSTILE_TENANTS.filter(
    ({ name, isOfRules }) => name.includes(options.only) && (options.backend === 'nft' || isOfRules === true),
  );
  const machine = await describeMachine(createCommandRunner());
  for (const tenant of chosen) {
    const result = await measureOne(stage, tenant);
    tenants.push(result);
    say(`${tenant.name}: ${isWithin(result) ? 'within its bounds' : 'beyond its bounds'}`);
    const measuredAt = new Date().toISOString();
    const text = await writeHostileReport(options.out, { ...options, measuredAt, machine, tenants });
    if (tenants.length === chosen.length) console.log(text);
  }
  if (!tenants.every(isWithin)) process.exitCode = 1;
} finally {
  await stage.close();
}
