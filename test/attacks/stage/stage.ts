import { type CommandRunner, createCommandRunner } from '../../../src/kernel/command.ts';
import { createIpBatch, inNetns } from '../../../src/lab/batch.ts';
import { fabricCidr } from '../../../src/lab/fabric.ts';
import type { Lab } from '../../../src/lab/lab.ts';
import { onNode } from '../../../src/lab/node.ts';
import { iptablesProgram } from '../../../src/lab/service.ts';
import { IP_FAMILIES, type IpFamily } from '../../../src/model/family.ts';
import { cleanUp } from '../../support/clean-up.ts';
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
import { addTunnels, listenOnNode } from './tunnel.ts';

/** A cluster of two nodes to attack: machines, stations on them, and agents on request. */
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
  /** Waits until that version of the cluster's folder is in force on both nodes; returns at once without agents. */
  applied(version: number): Promise<void>;
  /** Loads iptables-restore text on both nodes, for each family of the cluster. */
  restore(text: (family: IpFamily) => readonly string[]): Promise<void>;
  /** Runs lines of `ip -batch` in a machine. */
  change(machine: Machine, lines: readonly string[]): Promise<void>;
  /** Gives nodes, and the machine outside, addresses and a route in the family that the cluster doesn't use. */
  addForeign(): Promise<void>;
  removeForeign(): Promise<void>;
  /** Makes nodes and bridges forget lies and tracked connections. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** Batch lines that give a machine of the nodes' network its address in the family that the cluster doesn't use. */
const foreignLines = (machine: Node | 'outside', scene: Scene, verb: 'add' | 'delete'): readonly string[] =>
  IP_FAMILIES.filter((family) => !scene.families.includes(family)).flatMap((family) => {
    const nodad = family === 'ipv6' && verb === 'add' ? ' nodad' : '';
    const neighbour = `${addressOf('outside', family)} lladdr ${scene.mac('outside')} dev eth0`;
    return [
      `address ${verb} ${fabricCidr(addressOf(machine, family))} dev eth0${nodad}`,
      ...(machine === 'outside' || verb === 'delete' ? [] : [`neighbour replace ${neighbour} nud permanent`]),
    ];
  });

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
  await addTunnels(ip, families);
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
  for (const node of NODES) {
    listenOnNode(stations[node]);
    await stations[node].settled();
  }
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
      if (network === 'bridge-blind') await Promise.all([node1.learned(), node2.learned()]);
    },
    async restartAgent(node) {
      if (agents !== undefined) agents = { ...agents, [node]: await start(node) };
    },
    async applied(version) {
      await Promise.all(Object.values(agents ?? {}).map((agent) => agent.applied(version)));
    },
    async restore(text) {
      await Promise.all(
        NODES.flatMap((node) =>
          families.map((family) =>
            on(node).run(iptablesProgram(family, backend, '-restore'), ['--noflush', '-w'], {
              input: text(family).join('\n'),
            }),
          ),
        ),
      );
    },
    change: (machine, lines) => ip.run(lines, machine),
    async addForeign() {
      await Promise.all(
        [...NODES, 'outside' as const].map((machine) => ip.run(foreignLines(machine, scene, 'add'), machine)),
      );
    },
    async removeForeign() {
      await Promise.all(
        [...NODES, 'outside' as const].map((machine) => ip.run(foreignLines(machine, scene, 'delete'), machine)),
      );
    },
    async forget() {
      await teachNeighbours(ip, setting, macs);
      await Promise.all(NODES.map((node) => on(node).run('conntrack', ['-F'])));
      // The bridge learns the port of a machine again once that machine sends something.
      await awaitPassage({ scene, stations }, new Set(POD_NAMES), new Set());
    },
    close: () =>
      cleanUp(
        () => Promise.all(Object.values(agents ?? {}).map((agent) => agent.kill())),
        () => Promise.all(Object.values(stations).map((station) => station.close())),
        () => removeOutside(ip),
        () => lab.close(),
        () => cluster.close(),
      ),
  };
};
