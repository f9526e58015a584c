import path from 'node:path';
import type { FlowFilter } from '../../records/filter.ts';
import { type FlowAnswer, FLOWS_SOCKET, type RecordsStatus } from '../../records/flow-request.ts';
import type { FlowRecord, StoredFlow } from '../../records/record.ts';
import type { PolicyRevision } from '../../records/store.ts';
import type { CliIo } from '../verb.ts';
import { type AgentSocket, askAgent } from '../ask-agent.ts';

/** Where the manifests and the chart let the agent keep its records. */
const DEFAULT_FOLDER = '/run/portcullis/records';
const VARIABLE = 'PORTCULLIS_RECORDS_DIR';

/** The help of `--records-dir`. */
export const RECORDS_DIR_HELP = `the agent's --records-dir (default: $${VARIABLE}, or ${DEFAULT_FOLDER})`;

/** Returns the socket of the agent of this node. @param given what was typed as --records-dir */
export const flowsSocket = (given: string | undefined, { env }: CliIo): AgentSocket => {
  const folder = given ?? env[VARIABLE];
  const chosen = folder === undefined || folder === '' || folder === '0' ? DEFAULT_FOLDER : folder;
  return { path: path.join(chosen, FLOWS_SOCKET), setting: 'records-dir' };
};

/** The stored flows of a node, as `-o json` prints them. */
export interface ListedFlows {
  readonly status: RecordsStatus | undefined;
  readonly flows: readonly (FlowRecord | StoredFlow)[];
  readonly policies: readonly PolicyRevision[];
}

/** Asks an agent for what it has stored. @throws as askAgent */
export const listedFlows = async (socket: AgentSocket, filter: FlowFilter): Promise<ListedFlows> => {
  const answers: FlowAnswer[] = [];
  await askAgent<FlowAnswer>(socket, { filter, watch: false }, (answer) => void answers.push(answer));
  return {
    status: answers.flatMap((answer) => ('status' in answer ? [answer.status] : []))[0],
    flows: answers.flatMap((answer) => ('flow' in answer ? [answer.flow] : [])),
    policies: answers.flatMap((answer) => ('revision' in answer ? [answer.revision] : [])),
  };
};
