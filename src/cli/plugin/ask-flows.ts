import type { FlowFilter } from '../../records/filter.ts';
import type { PolicyRevision } from '../../records/store.ts';
import type { RecordsStatus } from '../../records/flow-request.ts';
import type { StoredFlow } from '../../records/record.ts';
import { byText } from '../../policy/text-order.ts';
import { readFlows } from '../../suggest/flows-document.ts';
import { caveats } from '../flows/caveats.ts';
import { flagsOf } from '../flows/filter-options.ts';
import type { CliIo } from '../verb.ts';
import { type AgentOptions, type Agents, askAgents, tellUnanswered } from './agents.ts';
import { skewOf } from './versions.ts';

/** What `flows -o json` of one node prints. */
interface NodeDocument {
  readonly version?: string;
  readonly status: RecordsStatus | undefined;
  readonly flows: readonly StoredFlow[];
  readonly policies: readonly PolicyRevision[];
}

/** The stored flows of all nodes, as `-o json` prints them. */
export interface MergedFlows {
  readonly nodes: readonly ({
    readonly node: string;
  } & ({ readonly version: string | null; readonly status: RecordsStatus | null } | { readonly error: string }))[];
  /** In order of time. */
  readonly flows: readonly StoredFlow[];
  readonly policies: readonly PolicyRevision[];
}

const readDocument = (output: string): NodeDocument => {
  const document = JSON.parse(output) as Partial<NodeDocument>;
  const { flows } = readFlows(document, 'its answer');
  const { version, status, policies = [] } = document;
  const isGiven = status !== undefined && 'node' in status;
  return { ...(version === undefined ? {} : { version }), status: isGiven ? status : undefined, flows, policies };
};

/** Each policy's change once: every node tells the same. */
const uniqueRevisions = (revisions: readonly PolicyRevision[]): readonly PolicyRevision[] => {
  const seen = new Map(revisions.map((each) => [`${each.policy} ${each.change} ${each.at.slice(0, 19)}`, each]));
  return [...seen.values()].sort((a, b) => byText(a.at, b.at));
};

/**
 * Asks the agents for their stored flows. Names nodes that did not answer, versions that differ and gaps on standard error.
 * @returns what they have in order of time, and whether all answered
 */
export const askFlows = async (
  agents: Agents,
  options: AgentOptions,
  filter: FlowFilter,
  io: CliIo,
): Promise<{ readonly merged: MergedFlows; readonly isWhole: boolean }> => {
  const args = ['flows', '-o', 'json', ...flagsOf(filter)];
  const answers = await askAgents(agents, options, { args, read: readDocument }, io);
  const isWhole = tellUnanswered(answers, io);
  const read = answers.flatMap((answer) => ('value' in answer ? [{ node: answer.of.node, ...answer.value }] : []));
  for (const { node, version, status } of read) {
    const skew = skewOf(node, version);
    if (skew !== undefined) io.err(`note: ${skew}\n`);
    for (const caveat of status === undefined ? [] : caveats(status)) io.err(`note: ${node}: ${caveat}\n`);
  }
  const merged: MergedFlows = {
    nodes: answers.map((answer) => {
      if ('error' in answer) return { node: answer.of.node, error: answer.error };
      return { node: answer.of.node, version: answer.value.version ?? null, status: answer.value.status ?? null };
    }),
    flows: read.flatMap(({ flows }) => flows).sort((a, b) => byText(a.at, b.at)),
    policies: uniqueRevisions(read.flatMap(({ policies }) => policies)),
  };
  return { merged, isWhole };
};
