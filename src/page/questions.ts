import type { Explanation } from '../explain/explainer.ts';
import type { Suggestion } from '../explain/suggest.ts';
import type { EdgeChanges } from './edge-changes.ts';
import type { EventFact, Meta, StoryFact } from './entries.ts';
import type { EdgeQuestion } from './edges.ts';
import type { Picture } from './picture.ts';
import type { EditEffect, PairChange } from './what-if.ts';

/** A change that allows a connection, with its manifests as YAML. */
export interface WrittenSuggestion {
  readonly suggestion: Suggestion;
  readonly yaml: string;
}

/** Why a connection passes or not. */
export interface EdgeAnswer {
  readonly explanation: Explanation;
  readonly suggestions: readonly WrittenSuggestion[];
}

/** A remark about a policy that somebody edits. */
export interface EditRemark {
  readonly severity: 'error' | 'warning' | 'note';
  readonly code: string;
  readonly field: string;
  readonly message: string;
  readonly suggestion: string;
  /** Position in the text, in characters. */
  readonly from: number;
  readonly to: number;
  /** The text after the repair; absent where the user has to decide. */
  readonly repaired?: string;
}

/** The result of reading a policy that somebody edits. */
export interface EditAnswer {
  readonly remarks: readonly EditRemark[];
  /** Absent where the text cannot be read. */
  readonly effect?: EditEffect;
}

/** A policy as the page lists it. */
export interface ListedPolicy {
  readonly key: string;
  readonly yaml: string;
}

/** A question of the page to its worker. */
export type Question =
  | { readonly ask: 'open'; readonly token: string }
  | { readonly ask: 'explain'; readonly id: number; readonly question: EdgeQuestion }
  | { readonly ask: 'policies'; readonly id: number }
  | { readonly ask: 'edit'; readonly id: number; readonly yaml: string };

export type ConnectionState = 'loading' | 'live' | 'away' | 'refused';

/** What the worker reports to the page. */
export type Report =
  | {
      readonly tell: 'picture';
      readonly meta: Meta;
      readonly picture: Picture;
      readonly events: readonly EventFact[];
      readonly problems: readonly string[];
      readonly stories: readonly StoryFact[];
      readonly misread: number;
      /** What differs from the state that Meta names; absent where it names none. */
      readonly difference?: readonly PairChange[];
      /** Changes with everything but connections that were seen, and events. */
      readonly version: number;
    }
  /** Of the picture that was reported last only this is another one. */
  | { readonly tell: 'edges'; readonly changes: EdgeChanges; readonly events: readonly EventFact[] }
  /** `alive`: when the server was heard last, in ms since the epoch. */
  | { readonly tell: 'connection'; readonly state: ConnectionState; readonly alive: number }
  | { readonly tell: 'explain'; readonly id: number; readonly answer: EdgeAnswer | string }
  | { readonly tell: 'policies'; readonly id: number; readonly answer: readonly ListedPolicy[] | string }
  | { readonly tell: 'edit'; readonly id: number; readonly answer: EditAnswer | string };
