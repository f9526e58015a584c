import path from 'node:path';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { agentOf } from '../agent/agent-spec.ts';
import { cleanNode } from '../agent/clean-node.ts';
import { runAgent } from '../agent/run-agent.ts';
import { untilQuiet } from '../agent/until-quiet.ts';
import { describeMachine } from '../report/machine.ts';
import { CAST, FRIENDS_ONLY, SERVED_PORT } from '../stage/cast.ts';
import { flowFrom, nowNs } from '../stage/flow.ts';
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

const measureOne = async (stage: Stage, tenant: HostileTenant): Promise<TenantResult> => {
  await cleanNode(stage.node);
  await stage.api.admin.patch(FRIENDS_ONLY, { spec: FRIENDS_ONLY.spec });
  const flow = await flowFrom(stage.prober, CAST.client, { ip: CAST.server.ip, port: SERVED_PORT });
  const agent = await runAgent(agentOf(root), stage.place);
  try {
    await flow.until('closed', nowNs(), 60_000);
    await untilQuiet(agent);
    return await measureTenant(tenant, { admin: stage.api.admin, flow, agent, count: options.changes });
  } finally {
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
  const machine = await describeMachine(createCommandRunner());
  for (const tenant of HOSTILE_TENANTS.filter(({ name }) => name.includes(options.only))) {
    const result = await measureOne(stage, tenant);
    tenants.push(result);
    say(`${tenant.name}: ${isWithin(result) ? 'within its bounds' : 'beyond its bounds'}`);
    const measuredAt = new Date().toISOString();
    const text = await writeHostileReport(options.out, { state: options.state, measuredAt, machine, tenants });
    if (tenants.length === HOSTILE_TENANTS.length || options.only !== '') console.log(text);
  }
  if (!tenants.every(isWithin)) process.exitCode = 1;
} finally {
  await stage.close();
}
