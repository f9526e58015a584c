import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import type { OutsideFact } from '../../page/entries.ts';
import { readOutside } from '../play/endpoint-slice.ts';

/** Returns the machines outside that manifests name, see `portcullis play --help`. */
export const outsideFacts = ({ ignored }: Pick<LoadedManifests, 'ignored'>): readonly OutsideFact[] =>
  readOutside(ignored).externals.map(({ name, ip, ports }) => ({ kind: 'outside', name, ips: [ip], ports }));
