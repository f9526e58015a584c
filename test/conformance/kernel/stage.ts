import { fileURLToPath } from 'node:url';
import { createCommandRunner } from '../../../src/kernel/command.ts';
import { findBinaries } from '../../../src/lab/apiserver/binaries.ts';
import { type ApiServer, startApiServer } from '../../../src/lab/apiserver/start.ts';
import { FABRIC_ADDRESS } from '../../../src/lab/fabric.ts';
import type { Lab } from '../../../src/lab/lab.ts';
import { nodeIp, onNode } from '../../../src/lab/node.ts';
import { iptablesProgram } from '../../../src/lab/service.ts';
import type { LabSettings } from '../../../src/lab/settings.ts';
import { IP_FAMILIES } from '../../../src/model/family.ts';
import { PROTOCOLS } from '../../../src/model/protocol.ts';
import type { NetpolCase } from '../../support/corpus.ts';
import { cleanUpNode, type RunningAgent, startAgent } from '../../support/lab/agent.ts';
import { firewallText } from '../../support/lab/firewall-text.ts';
import { openLab } from '../../support/lab/open-lab.ts';
import { createProber, type Prober } from '../../support/lab/prober.ts';
import { NODES, placementsOf } from './placement.ts';
import { createWorld, type World } from './world.ts';

/** The ports that pods of the corpus serve. */
const PORTS = [80, 81];

const GO_MODULE = fileURLToPath(new URL('../../../e2e/cluster/kubernetes', import.meta.url));

/** Everything that exists for all cases: nodes, pods, servers, an API server and an agent on each node. */
export interface Stage {
  readonly world: World;
  readonly prober: Prober;
  readonly agents: readonly RunningAgent[];
  /**
   * Stops the agents, cleans up after them and closes everything.
   * @returns the nodes' firewalls before the agents and after the clean-up
   */
  close(): Promise<{ readonly before: readonly string[]; readonly after: readonly string[] }>;
}

/** Foreign rules and sets on a node before its agent starts; a clean-up must not change them. */
const loadForeignRules = async (node: string, { backend }: LabSettings): Promise<void> => {
  const runner = createCommandRunner(onNode(node));
  const rules = [
    '*security',
    ':OTHERS - [0:0]',
    '-A OTHERS -m mark --mark 0x4000/0x4000 -j ACCEPT',
    '-A FORWARD -j OTHERS',
  ];
  for (const family of IP_FAMILIES) {
    const restore = iptablesProgram(family, backend, '-restore');
    await runner.run(restore, ['--noflush'], { input: `${[...rules, 'COMMIT'].join('\n')}\n` });
  }
  await runner.run('ipset', ['create', 'others', 'hash:ip']);
};

const openApiServer = async (): Promise<ApiServer> => {
  const binaries = await findBinaries({
    env: process.env,
    goModule: GO_MODULE,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  return startApiServer({ binaries, address: FABRIC_ADDRESS.ipv4 });
};

const furnish = async (lab: Lab, settings: LabSettings, cases: readonly NetpolCase[]): Promise<void> => {
  for (const node of NODES) await lab.addNode(node);
  await lab.addPods(placementsOf(cases));
  await lab.setServices([{ clusterIPs: ['10.96.0.1'], ports: [{ protocol: 'TCP', port: 443, endpoints: [] }] }]);
  for (const { name } of NODES) await loadForeignRules(name, settings);
};

const serveEverywhere = (prober: Prober, cases: readonly NetpolCase[]): Promise<void> => {
  const listeners = placementsOf(cases).flatMap(({ name, ips }) =>
    ips.flatMap((ip) => PORTS.flatMap((port) => PROTOCOLS.map((protocol) => ({ netns: name, protocol, ip, port })))),
  );
  return prober.serve(listeners);
};

const startAgents = (api: ApiServer, { backend }: LabSettings): Promise<readonly RunningAgent[]> =>
  Promise.all(
    NODES.map((node) =>
      startAgent({
        node: node.name,
        address: nodeIp(node, 'ipv4') ?? '',
        kubeconfig: api.kubeconfigPath,
        backend,
        // A full comparison, which every step waits for, comes after five checks.
        driftInterval: '100ms',
      }),
    ),
  );

const firewalls = (): Promise<readonly string[]> => Promise.all(NODES.map(({ name }) => firewallText(name)));

type Close = () => Promise<void>;

/** Closes everything in reverse order; an error does not keep the rest from being closed. */
const closeAll = async (closers: readonly Close[]): Promise<void> => {
  const failures: unknown[] = [];
  for (const close of closers.toReversed()) {
    await close().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, 'the stage could not be taken down');
};

const build = async (settings: LabSettings, cases: readonly NetpolCase[], closers: Close[]): Promise<Stage> => {
  const lab = await openLab(settings);
  closers.push(() => lab.close());
  await furnish(lab, settings, cases);
  const prober = await createProber();
  closers.push(() => prober.close());
  await serveEverywhere(prober, cases);
  const api = await openApiServer();
  closers.push(() => api.stop());
  const world = await createWorld(api.admin);
  const before = await firewalls();
  const agents = await startAgents(api, settings);
  return {
    world,
    prober,
    agents,
    async close() {
      try {
        await Promise.all(agents.map((agent) => agent.stop()));
        for (const { name } of NODES) await cleanUpNode(name);
        return { before, after: await firewalls() };
      } finally {
        await closeAll(closers);
      }
    },
  };
};

/** @throws if anything fails to start, after closing what had started */
export const openStage = async (settings: LabSettings, cases: readonly NetpolCase[]): Promise<Stage> => {
  const closers: Close[] = [];
  try {
    return await build(settings, cases, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
};
