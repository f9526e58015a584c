import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { CommandRunner } from '../../kernel/command.ts';
import type { LabSettings } from '../../lab/settings.ts';
import { createAgents } from './agents.ts';
import type { Feed } from './feed.ts';
import type { Judge } from './judge.ts';
import { measureAll } from './measure.ts';
import type { NodeBook } from './nodes.ts';
import type { OwnProgram } from './own-program.ts';
import type { Reading } from './reading.ts';
import { type Actor, createStage } from './stage.ts';
import type { World } from './world.ts';

/** Pods as network namespaces, on nodes with a real agent each. */
export interface Playground {
  /**
   * Sets up a world, and resolves once every agent reports its policies in force.
   * @returns failures, for people
   * @throws Error if an agent does not get there in time
   */
  show(world: World): Promise<readonly string[]>;
  /** Tries every connection of the current world. */
  measure(world: World, judge: Judge): Promise<readonly Reading[]>;
  /** @returns undefined for an unknown machine */
  actor(name: string): Actor | undefined;
}

export interface PlaygroundDeps {
  readonly runner: CommandRunner;
  readonly program: OwnProgram;
  readonly settings: LabSettings;
  readonly book: NodeBook;
  readonly feed: Feed;
  /** A folder of our own inside the sandbox. */
  readonly folder: string;
}

/** Creates the playground in a prepared sandbox. */
export const createPlayground = async (deps: PlaygroundDeps): Promise<Playground> => {
  const { runner, program, settings, book, feed } = deps;
  const { families, backend } = settings;
  const folder = path.join(deps.folder, 'pods');
  await mkdir(folder, { recursive: true });
  const agents = createAgents({ program, families, backend, flags: feed.agentFlags });
  const stage = await createStage({ runner, program, settings, book, folder, onNode: (node) => agents.start(node) });
  return {
    async show(world) {
      const revisions = await feed.publish(world);
      const failures = await stage.show(world);
      await agents.settle(revisions);
      return failures;
    },
    measure: (world, judge) => measureAll(stage, world, judge),
    actor: (name) => stage.actor(name),
  };
};
