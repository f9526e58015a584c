import type { Labels } from './labels.ts';

/** A Namespace, trimmed to what policy can depend on. */
export interface NamespaceEntry {
  readonly name: string;
  readonly labels: Labels;
}
