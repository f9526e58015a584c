import type { Labels } from './labels.ts';

/** The parts of a Namespace that policy depends on. */
export interface NamespaceEntry {
  readonly name: string;
  readonly labels: Labels;
}
