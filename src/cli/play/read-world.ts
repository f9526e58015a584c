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
  /** Problems in the manifests; the rest of them counts. */
  readonly problems: readonly ManifestProblem[];
  /** Other problems, for people. */
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
      // Copied, since the source's own maps change: the picture shows the state at the time of reading.
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
