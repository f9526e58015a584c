import type { Verb } from './verb.ts';

/** What is known of a verb before its file is loaded. */
export interface VerbEntry {
  readonly name: string;
  /** One line for the list of verbs; also opens the verb's own help. */
  readonly summary: string;
  readonly load: () => Promise<Verb>;
}

/** All verbs, in the order of the help. A new one is one file that exports a Verb, and one entry here. */
export const VERBS: readonly VerbEntry[] = [];
