import type { Labels } from './labels.ts';

/** The label with its name that the API server sets on every namespace (KEP-2161). */
export const NAME_LABEL = 'kubernetes.io/metadata.name';

/** The parts of a Namespace that policy depends on. */
export interface NamespaceEntry {
  readonly name: string;
  readonly labels: Labels;
}
