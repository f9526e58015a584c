import path from 'node:path';
import { createHostsFile } from '../../lab/hosts.ts';
import { createLab } from '../../lab/lab.ts';
import type { LabSettings } from '../../lab/settings.ts';
import type { CommandRunner } from '../../kernel/command.ts';
import type { IpFamily } from '../../model/family.ts';
import { type Machine, machinesOf } from './machine.ts';
import { namesOf } from './names.ts';
import type { NodeBook, PlayNode } from './nodes.ts';
import type { OwnProgram } from './own-program.ts';
import { type PodProcess, startPodProcess } from './pod-process.ts';
import { PROBE_PROTOCOLS, type ServedPort } from './pod-protocol.ts';
import type { World } from './world.ts';

/** A machine on the stage. */
export interface Actor {
  readonly machine: Machine;
  readonly netns: string;
  readonly process: PodProcess;
}

/** The world in network namespaces. */
export interface Stage {
  /**
   * Changes the stage to a world: removes machines that are gone, adds new ones, keeps the rest.
   * @returns failures, for people
   */
  show(world: World): Promise<readonly string[]>;
  /** @returns undefined for an unknown machine */
  actor(name: string): Actor | undefined;
}

export interface StageDeps {
  readonly runner: CommandRunner;
  readonly program: OwnProgram;
  readonly settings: LabSettings;
  readonly book: NodeBook;
  /** The folder of the unix sockets of the pods' servers. */
  readonly folder: string;
  /** Called with each node once it is in place. */
  readonly onNode: (node: PlayNode) => Promise<void>;
}

const servedBy = ({ ports }: Machine): readonly ServedPort[] =>
  ports.flatMap(({ protocol, port }) => {
    const known = PROBE_PROTOCOLS.find((each) => each === protocol);
    return known === undefined ? [] : [{ protocol: known, port }];
  });

/** Returns the identity of a machine: if it differs, the machine is removed and added again. */
const placeOf = ({ name, node, hostNetwork, ips }: Machine): string =>
  JSON.stringify([name, node, hostNetwork, node === undefined ? ips : []]);

const hasNetnsOfItsOwn = ({ machine }: Actor): boolean => !machine.hostNetwork;
const isOutside = ({ machine }: Actor): boolean => machine.node === undefined;

/** Creates the fabric in the current network namespace, a sandbox's own. */
export const createStage = async (deps: StageDeps): Promise<Stage> => {
  const { runner, book, settings } = deps;
  const lab = await createLab(runner, settings);
  const hosts = await createHostsFile(runner);
  const actors = new Map<string, Actor>();
  const nodes = new Set<string>();
  let lastNumber = 0;

  const addNodes = async (): Promise<void> => {
    for (const node of book.all()) {
      if (nodes.has(node.name)) continue;
      nodes.add(node.name);
      await lab.addNode(node.spec);
      await deps.onNode(node);
    }
  };

  const removeActors = async (gone: readonly Actor[]): Promise<void> => {
    for (const { machine } of gone) actors.delete(machine.name);
    await Promise.all(gone.map(({ process }) => process.stop()));
    const own = gone.filter(hasNetnsOfItsOwn);
    await lab.removePods(own.filter((actor) => !isOutside(actor)).map(({ netns }) => netns));
    await lab.removeExternals(own.filter(isOutside).map(({ netns }) => netns));
  };

  const netnsFor = ({ node, hostNetwork }: Machine, number: number): string => {
    if (node === undefined) return `outside-${number}`;
    return hostNetwork ? book.of(node).spec.name : `pod-${number}`;
  };

  const addActors = async (machines: readonly Machine[]): Promise<void> => {
    const placed = machines.map((machine) => {
      lastNumber += 1;
      return { machine, netns: netnsFor(machine, lastNumber), socket: path.join(deps.folder, `${lastNumber}.sock`) };
    });
    const own = placed.filter(({ machine }) => !machine.hostNetwork);
    await lab.addPods(
      own.flatMap(({ machine: { node, ips }, netns }) =>
        node === undefined ? [] : [{ name: netns, node: book.of(node).spec.name, ips }],
      ),
    );
    await lab.addExternals(
      own.flatMap(({ machine: { node, ips }, netns }) => (node === undefined ? [{ name: netns, ips }] : [])),
    );
    await Promise.all(
      placed.map(async ({ machine, netns, socket }) => {
        const process = await startPodProcess(deps.program, netns, socket);
        actors.set(machine.name, { machine: { ...machine, ports: [] }, netns, process });
      }),
    );
  };

  /** Updates addresses and ports of a machine that stays. */
  const update = async (machine: Machine, families: readonly IpFamily[]): Promise<readonly string[]> => {
    const actor = actors.get(machine.name);
    if (actor === undefined) return [];
    const { netns, process, machine: before } = actor;
    actors.set(machine.name, { ...actor, machine });
    if (hasNetnsOfItsOwn(actor) && before.ips.join() !== machine.ips.join()) await lab.setPodIps(netns, machine.ips);
    if (JSON.stringify(before.ports) === JSON.stringify(machine.ports)) return [];
    return process.serve(machine.name, families, servedBy(machine));
  };

  return {
    async show(world) {
      const machines = machinesOf(world);
      const wanted = new Map(machines.map((machine) => [machine.name, placeOf(machine)]));
      await addNodes();
      await removeActors([...actors.values()].filter(({ machine }) => wanted.get(machine.name) !== placeOf(machine)));
      await addActors(machines.filter(({ name }) => !actors.has(name)));
      const failures = await Promise.all(machines.map((machine) => update(machine, settings.families)));
      await lab.setServices(world.services);
      await hosts.set(namesOf(world));
      return failures.flat();
    },
    actor: (name) => actors.get(name),
  };
};
