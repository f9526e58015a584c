import type { Verb } from './verb.ts';

/** A verb before its file is loaded. */
export interface VerbEntry {
  readonly name: string;
  /** One line for the list of verbs and the start of the verb's own help. */
  readonly summary: string;
  readonly load: () => Promise<Verb>;
}

/** All verbs, in the order of the help. A new one is a file that exports a Verb, and an entry here. */
export const VERBS: readonly VerbEntry[] = [
  {
    name: 'agent',
    summary: "Enforces NetworkPolicy for one node's pods",
    load: async () => (await import('./agent.ts')).agentVerb,
  },
  {
    name: 'render',
    summary: "Prints the ipset and iptables text that a node's agent would load, and touches nothing",
    load: async () => (await import('./render.ts')).renderVerb,
  },
  {
    name: 'matrix',
    summary: 'Tells who reaches whom, on which ports, and which policy says so',
    load: async () => (await import('./matrix.ts')).matrixVerb,
  },
  {
    name: 'diff',
    summary: 'Tells which connections open or close between two states of manifests',
    load: async () => (await import('./diff.ts')).diffVerb,
  },
  {
    name: 'explain',
    summary: 'Tells why a connection is allowed or refused, and what the smallest change is that allows it',
    load: async () => (await import('./explain.ts')).explainVerb,
  },
  {
    name: 'play',
    summary: 'Tries manifests out: pods as network namespaces, real agents, and a live table of who reaches whom',
    load: async () => (await import('./play.ts')).playVerb,
  },
  {
    name: 'check',
    summary: 'Finds mistakes and surprises in policies, with file, line and a suggestion',
    load: async () => (await import('./check.ts')).checkVerb,
  },
  {
    name: 'flows',
    summary: 'Tells who talked to whom on this node, and why a connection was refused',
    load: async () => (await import('./flows.ts')).flowsVerb,
  },
  {
    name: 'status',
    summary: 'Tells whether this node enforces its policies, since when, or why not',
    load: async () => (await import('./status.ts')).statusVerb,
  },
  {
    name: 'wait',
    summary: 'Waits until a policy, as it is applied now, is in force on all nodes that it concerns',
    load: async () => (await import('./wait.ts')).waitVerb,
  },
  {
    name: 'controller',
    summary: 'Says of each node whether its agent enforces: a dead agent cannot say so itself',
    load: async () => (await import('./controller.ts')).controllerVerb,
  },
  {
    name: 'suggest',
    summary: 'Makes policies of recorded traffic: what was seen, with evidence, and no more',
    load: async () => (await import('./suggest.ts')).suggestVerb,
  },
  {
    name: 'completion',
    summary: 'Prints a script for a shell that completes verbs and options',
    load: async () => (await import('./completion.ts')).completionVerb,
  },
  {
    name: 'ui',
    summary: 'Serves a page with a map of who reaches whom, why not, and what a change would do',
    load: async () => (await import('./ui.ts')).uiVerb,
  },
  {
    name: 'cleanup',
    summary: 'Removes every chain, set and jump of ours from this node, and nothing else',
    load: async () => (await import('./cleanup.ts')).cleanupVerb,
  },
];
