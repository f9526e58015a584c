import { VERBS, type VerbEntry } from '../verbs.ts';

/** Verbs that are the same as without kubectl; where no manifests are given, they read the cluster. */
const SHARED = ['explain', 'matrix', 'diff', 'check', 'render', 'wait', 'ui'];

/** The verbs of `kubectl portcullis`, in the order of the help. */
export const PLUGIN_VERBS: readonly VerbEntry[] = [
  {
    name: 'status',
    summary: 'Tells for each node whether it enforces its policies',
    load: async () => (await import('./status.ts')).pluginStatusVerb,
  },
  {
    name: 'flows',
    summary: 'Tells who talked to whom on all nodes, and why a connection was refused',
    load: async () => (await import('./flows.ts')).pluginFlowsVerb,
  },
  {
    name: 'suggest',
    summary: 'Makes policies of the traffic that the agents recorded: what was seen, with evidence, and no more',
    load: async () => (await import('./suggest.ts')).pluginSuggestVerb,
  },
  ...VERBS.filter(({ name }) => SHARED.includes(name)),
  {
    name: 'support',
    summary: 'Collects what helps to find a fault, without secrets, into a folder or an archive',
    load: async () => (await import('./support.ts')).pluginSupportVerb,
  },
];
