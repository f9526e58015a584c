import type { NamespaceEntry } from '../model/namespace.ts';
import type { Intern } from './intern.ts';
import { asObject, asText, type RawObject } from './raw.ts';
import { sameLabels, trimLabels } from './trim-labels.ts';

/** Returns the parts of a v1 Namespace that policy depends on; undefined without a name. */
export const trimNamespace = (raw: RawObject, intern: Intern): NamespaceEntry | undefined => {
  const metadata = asObject(raw['metadata']);
  const name = asText(metadata['name']);
  return name === undefined ? undefined : { name: intern(name), labels: trimLabels(metadata['labels'], intern) };
};

export const sameNamespace = (one: NamespaceEntry, other: NamespaceEntry): boolean =>
  one.name === other.name && sameLabels(one.labels, other.labels);
