import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import { familyOf } from '../../lab/addresses.ts';
import { IP_FAMILIES, type IpFamily } from '../../model/family.ts';
import { readOutside } from './endpoint-slice.ts';

/** The values of `--ip-families`. */
export type FamiliesChoice = 'auto' | 'ipv4' | 'ipv6' | 'dual';

/** Returns the families; `auto` takes those of the addresses in the manifests, or IPv4 if there are none. */
export const chooseFamilies = (choice: FamiliesChoice, loaded: LoadedManifests): readonly IpFamily[] => {
  if (choice === 'dual') return IP_FAMILIES;
  if (choice !== 'auto') return [choice];
  const written = [
    ...[...loaded.snapshot.pods.values()].flatMap(({ ips }) => ips),
    ...readOutside(loaded.ignored).externals.map(({ ip }) => ip),
  ];
  const families = new Set(written.map(familyOf));
  return families.size === 0 ? ['ipv4'] : IP_FAMILIES.filter((family) => families.has(family));
};
