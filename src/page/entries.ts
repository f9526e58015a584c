import type { Protocol } from '../model/protocol.ts';

/**
 * The page's state is a set of entries, each with a key. A server sends all of them once and afterwards those that changed. All
 * of them are plain data.
 */
export type Entry =
  | NamespaceFact
  | PodFact
  | PolicyFact
  | OutsideFact
  | SeenFact
  | EventFact
  | ProblemFact
  | StoryFact
  | BaseFact;

/** Labels as pairs, sorted by key. */
export type LabelPairs = readonly (readonly [string, string])[];

export interface NamespaceFact {
  readonly kind: 'namespace';
  readonly name: string;
  readonly labels: LabelPairs;
}

/** A pod with an address. */
export interface PodFact {
  readonly kind: 'pod';
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** The workload at the top of its chain of owners; the pod itself where it has none. */
  readonly workload: { readonly kind: string; readonly name: string };
  readonly node: string;
  readonly labels: LabelPairs;
  readonly ips: readonly string[];
  readonly hostIPs: readonly string[];
  readonly hostNetwork: boolean;
  readonly ports: readonly { readonly name?: string; readonly protocol: Protocol; readonly port: number }[];
}

export interface PolicyFact {
  readonly kind: 'policy';
  readonly namespace: string;
  readonly name: string;
  readonly spec: unknown;
}

/** A policy of the state that the shown one is compared with, see Meta. */
export interface BaseFact {
  readonly kind: 'base';
  readonly namespace: string;
  readonly name: string;
  readonly spec: unknown;
}

/** A machine outside the cluster that has a name. */
export interface OutsideFact {
  readonly kind: 'outside';
  readonly name: string;
  readonly ips: readonly string[];
  readonly ports: readonly { readonly protocol: Protocol; readonly port: number }[];
}

/** A connection that was seen: allowed or refused by the kernel, never by an evaluator. */
export interface SeenFact {
  readonly kind: 'seen';
  /** Addresses of the source and the destination. */
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly verdict: 'allowed' | 'refused';
  readonly count: number;
  /** In ms since the epoch. */
  readonly first: number;
  readonly last: number;
}

/** A change or a refusal, for the time line. */
export interface EventFact {
  readonly kind: 'event';
  readonly number: number;
  /** In ms since the epoch. */
  readonly at: number;
  readonly what: 'policy' | 'change' | 'refused' | 'allowed';
  readonly text: string;
}

/** Something that could not be read or is not enforced, for people. */
export interface ProblemFact {
  readonly kind: 'problem';
  readonly text: string;
}

/** A connection that a story tried, and how it ended. */
export interface StoryResult {
  readonly from: string;
  /** The command as a person would type it. */
  readonly attempt: string;
  /** `HTTP 200 from backend/api`. */
  readonly ending: string;
  readonly verdict: 'allowed' | 'refused' | 'failed';
  /** Whether it ended as the story says, and as the policies say. */
  readonly isAsTold: boolean;
}

/** A story that somebody goes through step by step in a playground. */
export interface StoryFact {
  readonly kind: 'story';
  /** From 0, in the order of the folders. */
  readonly number: number;
  readonly title: string;
  readonly intro: string;
  readonly steps: readonly {
    readonly say: string;
    /** `kubectl apply -f policies/backend.yaml`. */
    readonly commands: readonly string[];
  }[];
  /** The step that is in force, from 0. Absent where the playground shows another story, or this one before its first step. */
  readonly at?: number;
  /** Whether this is the story that the playground shows. */
  readonly isShown: boolean;
  /** Of the step that is in force. */
  readonly results: readonly StoryResult[];
}

/** The facts about the whole state. */
export interface Meta {
  /** The name of the folder, the playground or the cluster. */
  readonly title: string;
  /** Only a playground applies changes. */
  readonly mode: 'folder' | 'playground' | 'cluster';
  /** Whether connections are observed; a folder of manifests has none. */
  readonly observes: boolean;
  /** The name of the state whose policies the shown ones are compared with; absent where none is. */
  readonly against?: string;
  /** Numbers of entries that the server left out, by kind. */
  readonly leftOut: Readonly<Partial<Record<Entry['kind'], number>>>;
}

/** Returns the text that identifies an entry among all. */
export const entryKey = (entry: Entry): string => {
  switch (entry.kind) {
    case 'namespace':
    case 'outside':
      return `${entry.kind} ${entry.name}`;
    case 'pod':
      return `pod ${entry.uid}`;
    case 'policy':
    case 'base':
      return `${entry.kind} ${entry.namespace}/${entry.name}`;
    case 'seen':
      return `seen ${entry.from} ${entry.to} ${entry.protocol} ${entry.port} ${entry.verdict}`;
    case 'event':
      return `event ${entry.number}`;
    case 'problem':
      return `problem ${entry.text}`;
    case 'story':
      return `story ${entry.number}`;
  }
};
