import { type CommandRunner, createCommandRunner } from '../../../src/kernel/command.ts';
import { createIpBatch, inNetns } from '../../../src/lab/batch.ts';
import type { Lab } from '../../../src/lab/lab.ts';
import { onNode } from '../../../src/lab/node.ts';
import { openLab } from '../../support/lab/open-lab.ts';
import { awaitPassage } from '../run/passage.ts';
import { openStation, type Station } from '../station/station.ts';
import { type NodeAgent, startNodeAgent } from './agents.ts';
import { addressOf, deviceOf, type Machine, MACHINES, type Node, nodeOf, NODES, POD_NAMES } from './cast.ts';
import { type Cluster, openCluster } from './cluster.ts';
import {
  addOutside,
  completeNodes,
  nodeSpec,
  readInterfaces,
  removeOutside,
  silencePods,
  teachNeighbours,
} from './links.ts';
import { type Interfaces, type Scene, sceneOf } from './scene.ts';
import { familiesOf, type Setting } from './setting.ts';

/** A cluster of two nodes to be attacked: machines, stations on them, and agents when they are asked for. */
export interface Stage {
  readonly scene: Scene;
  readonly cluster: Cluster;
  readonly stations: Readonly<Record<Machine, Station>>;
  /** Runs commands in a machine's network namespace. */
  on(machine: Machine): CommandRunner;
  /** The agents, once they run. */
  agents(): Readonly<Record<Node, NodeAgent>> | undefined;
  startAgents(): Promise<void>;
  /** Starts the agent of a node again after it ended. */
  restartAgent(node: Node): Promise<void>;
  /** Waits until what the cluster's folder holds in that version is in force on both nodes; at once without agents. */
  applied(version: number): Promise<void>;
  /** Makes nodes and bridges forget lies, and connections that were tracked. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

const openMachines = async (lab: Lab, setting: Setting): Promise<ReadonlyMap<Machine, Interfaces>> => {
  const families = familiesOf(setting.families);
  for (const node of NODES) await lab.addNode(nodeSpec(node, families));
  await lab.addPods(
    POD_NAMES.map((pod) => ({
      name: pod,
      node: nodeOf(pod) ?? '',
      ips: families.map((family) => addressOf(pod, family)),
      device: deviceOf(pod),
    })),
  );
  const ip = createIpBatch(createCommandRunner());
  await addOutside(ip, families);
  await completeNodes(ip, setting);
  await silencePods([...POD_NAMES, 'outside']);
  return new Map(await Promise.all(MACHINES.map(async (name) => [name, await readInterfaces(name)] as const)));
};

export const openStage = async (setting: Setting): Promise<Stage> => {
  const { network, backend } = setting;
  const families = familiesOf(setting.families);
  const lab = await openLab({ families, backend, attach: network === 'routed' ? 'ptp' : 'bridge' });
  const ip = createIpBatch(createCommandRunner());
  const macs = await openMachines(lab, setting);
  const scene = sceneOf(setting, macs);
  const cluster = await openCluster(setting, macs);
  const opened = await Promise.all(MACHINES.map(async (name) => [name, await openStation(name)] as const));
  const stations = Object.fromEntries(opened) as Record<Machine, Station>;
  const on = (machine: Machine): CommandRunner =>
    createCommandRunner(NODES.some((node) => node === machine) ? onNode(machine) : inNetns(machine));
  let agents: Record<Node, NodeAgent> | undefined;

  const start = (node: Node): Promise<NodeAgent> =>
    startNodeAgent({ node, backend, manifests: cluster.manifests, results: cluster.results(node) });

  return {
    scene,
    cluster,
    stations,
    on,
    agents: () => agents,
    async startAgents() {
      const [node1, node2] = await Promise.all([start('node1'), start('node2')]);
      agents = { node1, node2 };
    },
    async restartAgent(node) {
      if (agents !== undefined) agents = { ...agents, [node]: await start(node) };
    },
    async applied(version) {
      await Promise.all(Object.values(agents ?? {}).map((agent) => agent.applied(version)));
    },
    async forget() {
      await teachNeighbours(ip, setting, macs);
      await Promise.all(NODES.map((node) => on(node).run('conntrack', ['-F'])));
      // Whoever sends something is found by the bridge again.
      await awaitPassage({ scene, stations }, new Set(POD_NAMES), new Set());
    },
    async close() {
      await Promise.all(Object.values(agents ?? {}).map((agent) => agent.kill()));
      await Promise.all(Object.values(stations).map((station) => station.close()));
      await removeOutside(ip);
      await lab.close();
      await cluster.close();
    },
  };
};
