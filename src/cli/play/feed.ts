import type { Revisions } from './agents.ts';
import { stateText, writeState } from './state-file.ts';
import type { World } from './world.ts';

/** How agents get the state of the world. */
export interface Feed {
  /** The agents' flags: `--manifests DIR` or `--kubeconfig FILE`. */
  readonly agentFlags: readonly string[];
  /** Gives a world to the agents' source. @returns the revisions that agents report once they enforce it */
  publish(world: World): Promise<Revisions>;
}

/** Creates a folder that agents follow with --manifests. */
export const createFolderFeed = (folder: string): Feed => {
  let revision = 0;
  let written: string | undefined;
  return {
    agentFlags: ['--manifests', folder],
    async publish({ snapshot }) {
      const content = stateText(snapshot, '');
      if (content !== written) {
        revision += 1;
        await writeState(folder, stateText(snapshot, String(revision)));
        written = content;
      }
      const version = String(revision);
      return { pods: version, namespaces: version, networkpolicies: version };
    },
  };
};
