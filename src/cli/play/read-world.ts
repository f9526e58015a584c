import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import type { ManifestProblem } from '../../cluster/manifest/place.ts';
import { familyOf } from '../../lab/addresses.ts';
import type { IpFamily } from '../../model/family.ts';
import { readOutside } from './endpoint-slice.ts';
import type { ResolveServices } from './services.ts';
import { usableAddresses } from './usable-addresses.ts';
import type { World } from './world.ts';

export interface ReadWorld {
  readonly world: World;
  /** What is wrong in the manifests; the rest of them counts. */
  readonly problems: readonly ManifestProblem[];
  /** What else went wrong on the way here, in words. */
  readonly warnings: readonly string[];
}

/** @param loaded with pods that have a node and addresses */
export const readWorld = (
  loaded: LoadedManifests,
  families: readonly IpFamily[],
  resolveServices: ResolveServices,
): ReadWorld => {
  const { externals, problems } = readOutside(loaded.ignored);
  const reachable = externals.filter(({ ip }) => families.includes(familyOf(ip)));
  const usable = usableAddresses(loaded.snapshot.pods, reachable);
  return {
    world: {
      // The source's own maps change under us; what is shown is what was true when it was read.
      snapshot: {
        pods: usable.pods,
        namespaces: new Map(loaded.snapshot.namespaces),
        policies: new Map(loaded.snapshot.policies),
      },
      services: resolveServices(loaded.services, usable.pods.values()),
      externals: usable.externals,
    },
    problems: [...loaded.problems, ...problems],
    warnings: usable.warnings,
  };
};
