import { type ManifestSource } from '../../cluster/manifest-source.ts';
import type { IpFamily } from '../../model/family.ts';
import { type ReadWorld, readWorld } from './read-world.ts';
import type { ResolveServices } from './services.ts';

/** A world that changes while it is shown. */
export interface WorldSource {
  /** Returns the newest state, the same object while nothing changes; undefined before the first. */
  read(): ReadWorld | undefined;
  stop(): Promise<void>;
}

/** Follows a folder of manifests. @param source a source that gives pods nodes and addresses */
export const followManifests = (
  source: ManifestSource,
  families: readonly IpFamily[],
  resolveServices: ResolveServices,
): WorldSource => {
  // Services, machines outside and mistakes cause no events of their own, so `read` compares what was loaded.
  source.start(() => undefined);
  let known: { readonly loaded: object; readonly read: ReadWorld } | undefined;
  return {
    read() {
      const loaded = source.manifests();
      if (loaded === undefined || !source.hasSynced()) return undefined;
      if (known?.loaded !== loaded) known = { loaded, read: readWorld(loaded, families, resolveServices) };
      return known.read;
    },
    stop: () => source.stop(),
  };
};
