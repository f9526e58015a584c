import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import { familyOf } from '../../lab/addresses.ts';
import { IP_FAMILIES, type IpFamily } from '../../model/family.ts';
import { readOutside } from './endpoint-slice.ts';

/** What `--ip-families` takes. */
export type FamiliesChoice = 'auto' | 'ipv4' | 'ipv6' | 'dual';

/** `auto`: the families of the addresses that the manifests write down, IPv4 where they write none. */
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
