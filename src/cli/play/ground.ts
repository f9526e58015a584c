import path from 'node:path';
import type { CommandRunner } from '../../kernel/command.ts';
import type { IptablesBackend } from '../../lab/settings.ts';
import type { IpFamily } from '../../model/family.ts';
import { createFolderFeed, type Feed } from './feed.ts';
import { createNodeBook } from './nodes.ts';
import type { OwnProgram } from './own-program.ts';
import { createPlacePods, type PlacePods } from './place-pods.ts';
import { createPlayground, type Playground } from './playground.ts';
import { createResolveServices, type ResolveServices } from './services.ts';

/** A folder in the sandbox's own /run: it is in memory, and is removed with the sandbox. */
export const RUN_FOLDER = '/run/portcullis-play';

/** A playground, with all that turns manifests into a world for it. */
export interface Ground {
  readonly families: readonly IpFamily[];
  readonly place: PlacePods;
  readonly resolveServices: ResolveServices;
  readonly playground: Playground;
}

export interface GroundSettings {
  readonly runner: CommandRunner;
  readonly program: OwnProgram;
  readonly families: readonly IpFamily[];
  readonly backend: IptablesBackend;
  /** The source of the agents' state; a folder of state if absent. */
  readonly feed?: Feed;
}

const folderOfState = (): Feed => createFolderFeed(path.join(RUN_FOLDER, 'state'));

/** Creates the ground in a prepared sandbox. */
export const createGround = async (settings: GroundSettings): Promise<Ground> => {
  const { runner, program, families, backend, feed = folderOfState() } = settings;
  const book = createNodeBook(families);
  return {
    families,
    place: createPlacePods(families, book),
    resolveServices: createResolveServices(families),
    playground: await createPlayground({
      runner,
      program,
      settings: { families, attach: 'ptp', backend },
      book,
      feed,
      folder: RUN_FOLDER,
    }),
  };
};
