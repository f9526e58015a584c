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

/** Everything that lives on over all cases: nodes, pods, servers, an API server and an agent on each node. */
export interface Stage {
  readonly world: World;
  readonly prober: Prober;
  readonly agents: readonly RunningAgent[];
  /**
   * Stops the agents, cleans up after them and takes all down.
   * @returns each node's firewall as it was before the agents and as it is after the clean-up.
   */
  close(): Promise<readonly { readonly before: string; readonly after: string }[]>;
}

/** Rules and sets of others, as a node has them before its agent comes; a clean-up must leave them alone. */
const loadForeignRules = async (node: string, { backend }: LabSettings): Promise<void> => {
  const runner = createCommandRunner(onNode(node));
  const rules = [
    '*filter',
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

const buildNetwork = async (settings: LabSettings, cases: readonly NetpolCase[]): Promise<Lab> => {
  const lab = await openLab(settings);
  for (const node of NODES) await lab.addNode(node);
  await lab.addPods(placementsOf(cases));
  await lab.setServices([{ clusterIPs: ['10.96.0.1'], ports: [{ protocol: 'TCP', port: 443, endpoints: [] }] }]);
  for (const { name } of NODES) await loadForeignRules(name, settings);
  return lab;
};

const serveEverywhere = async (cases: readonly NetpolCase[]): Promise<Prober> => {
  const prober = await createProber();
  const listeners = placementsOf(cases).flatMap(({ name, ips }) =>
    ips.flatMap((ip) => PORTS.flatMap((port) => PROTOCOLS.map((protocol) => ({ netns: name, protocol, ip, port })))),
  );
  await prober.serve(listeners);
  return prober;
};

export const openStage = async (settings: LabSettings, cases: readonly NetpolCase[]): Promise<Stage> => {
  const lab = await buildNetwork(settings, cases);
  const prober = await serveEverywhere(cases);
  const api = await openApiServer();
  const world = await createWorld(api.admin);
  const before = await Promise.all(NODES.map(({ name }) => firewallText(name)));
  const agents = await Promise.all(
    NODES.map((node) =>
      startAgent({
        node: node.name,
        address: nodeIp(node, 'ipv4') ?? '',
        kubeconfig: api.kubeconfigPath,
        backend: settings.backend,
      }),
    ),
  );
  return {
    world,
    prober,
    agents,
    async close() {
      const stopped = await Promise.allSettled(agents.map((agent) => agent.stop()));
      try {
        for (const { name } of NODES) await cleanUpNode(name);
        const after = await Promise.all(NODES.map(({ name }) => firewallText(name)));
        for (const end of stopped) if (end.status === 'rejected') throw end.reason;
        return NODES.map((_, at) => ({ before: before[at] ?? '', after: after[at] ?? '' }));
      } finally {
        await prober.close();
        await api.stop();
        await lab.close();
      }
    },
  };
};
