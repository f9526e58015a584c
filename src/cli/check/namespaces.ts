import { isSystemNamespace } from '../../check/subject.ts';
import { closest, listFew } from '../../check/words.ts';
import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import type { ManifestObject } from '../../cluster/manifest/manifest-object.ts';
import { asObject, asText } from '../../cluster/raw.ts';
import { UsageError } from '../verb.ts';

const namespaceIn = ({ raw }: ManifestObject): string => asText(asObject(raw['metadata'])['namespace']) ?? '';

const objectsOf = (loaded: LoadedManifests): readonly ManifestObject[] => [
  ...loaded.policyOrigins.values(),
  ...[...loaded.podOrigins.values()].map(({ object }) => object),
  ...loaded.services.map(({ object }) => object),
];

/** How many policies name no namespace. */
export const countUnset = ({ policyOrigins }: LoadedManifests): number =>
  [...policyOrigins.values()].filter((object) => namespaceIn(object) === '').length;

/**
 * Makes sure that the namespace of objects that name none may exist: it is among the input's Namespaces, if there are any;
 * and where every object names its own, at least one names it.
 *
 * @throws UsageError if it does not exist
 */
export const requireNamespace = (loaded: LoadedManifests, namespace: string): void => {
  const declared = [...loaded.namespaceOrigins.keys()];
  const named = objectsOf(loaded).map(namespaceIn);
  const known = [...new Set([...declared, ...named])].filter((name) => name !== '').sort();
  if (known.includes(namespace) || isSystemNamespace(namespace)) return;
  const isOpen = declared.length === 0 && (named.length === 0 || named.includes(''));
  if (isOpen) return;
  const typed = closest(namespace, known);
  const meant = typed === undefined ? '' : `; did you mean ${typed}?`;
  throw new UsageError(`namespace ${namespace} is not among the manifests${meant} (there are: ${listFew(known, 8)})`);
};
