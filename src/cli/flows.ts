import path from 'node:path';
import { Option } from 'commander';
import { readDuration } from '../config/duration.ts';
import { printableJson } from '../model/printable.ts';
import type { FlowFilter } from '../records/filter.ts';
import { type FlowAnswer, FLOWS_SOCKET, type RecordsStatus } from '../records/flow-request.ts';
import type { FlowRecord, StoredFlow } from '../records/record.ts';
import { type AgentSocket, askAgent } from './ask-agent.ts';
import { HEADINGS, liveLine, rowOf, tableOf } from './flows/table.ts';
import { formatOutput } from './output.ts';
import { type CliIo, UsageError, type Verb } from './verb.ts';

interface FlowsOptions {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly denied?: true;
  readonly allowed?: true;
  readonly pod?: string;
  readonly policy?: string;
  readonly since?: string;
  readonly watch?: true;
  readonly output: 'table' | 'wide' | 'json' | 'yaml';
  readonly recordsDir?: string;
}

/** Where the manifests and the chart let the agent keep its records. */
const DEFAULT_FOLDER = '/run/portcullis/records';
const VARIABLE = 'PORTCULLIS_RECORDS_DIR';

const sinceOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const ago = readDuration(text);
  const at = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (Number.isNaN(at)) throw new UsageError(`--since ${text}: neither a duration such as 10m nor an ISO 8601 time`);
  return at;
};

const filterOf = (options: FlowsOptions): FlowFilter => {
  const { namespace, allNamespaces, denied, allowed, pod, policy } = options;
  if (namespace !== undefined && allNamespaces === true) throw new UsageError('-n and -A exclude each other');
  const since = sinceOf(options.since);
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(denied === allowed ? {} : { verdict: denied === true ? 'denied' : 'allowed' }),
    ...(pod === undefined ? {} : { pod }),
    ...(policy === undefined ? {} : { policy }),
    ...(since === undefined ? {} : { since }),
  };
};

/** Returns remarks about records that are incomplete. */
const caveats = ({ group, resolution, forgotten, lost, notKept, since }: RecordsStatus): readonly string[] => [
  ...(group === undefined ? ['the kernel reports no refused packets at the moment'] : []),
  ...(notKept === undefined ? [] : [`records begin at ${since}: ${notKept}`]),
  ...(resolution === '5 minutes' ? [] : [`there are many edges: the resolution is ${resolution}`]),
  ...(forgotten === 0 ? [] : [`${forgotten} records were given up for room`]),
  ...(lost === 0 ? [] : [`${lost} reports of the kernel were lost`]),
];

const watchFlows = async (
  socket: AgentSocket,
  filter: FlowFilter,
  { output }: FlowsOptions,
  io: CliIo,
): Promise<void> => {
  const format = output === 'wide' ? 'wide' : 'table';
  const isTable = output === format;
  if (isTable) io.out(`${liveLine(HEADINGS[format], format)}\n`);
  const tell = (flow: FlowRecord): void => {
    if (isTable) io.out(`${liveLine(rowOf(flow, format), format)}\n`);
    else if (output === 'json') io.out(`${printableJson(JSON.stringify(flow))}\n`);
    else io.out(`---\n${formatOutput('yaml', flow, () => '')}`);
  };
  await askAgent<FlowAnswer>(socket, { filter, watch: true }, (answer) => {
    if ('status' in answer) for (const caveat of caveats(answer.status)) io.err(`note: ${caveat}\n`);
    else if ('flow' in answer) tell(answer.flow);
    else if ('lost' in answer) io.err(`note: ${answer.lost} records came faster than they were read\n`);
  });
};

const listFlows = async (
  socket: AgentSocket,
  filter: FlowFilter,
  { output }: FlowsOptions,
  io: CliIo,
): Promise<void> => {
  const answers: FlowAnswer[] = [];
  await askAgent<FlowAnswer>(socket, { filter, watch: false }, (answer) => void answers.push(answer));
  const flows = answers.flatMap((answer): readonly (FlowRecord | StoredFlow)[] =>
    'flow' in answer ? [answer.flow] : [],
  );
  const policies = answers.flatMap((answer) => ('revision' in answer ? [answer.revision] : []));
  const status = answers.flatMap((answer) => ('status' in answer ? [answer.status] : []))[0];
  if (status !== undefined) for (const caveat of caveats(status)) io.err(`note: ${caveat}\n`);
  if (output === 'json' || output === 'yaml') {
    io.out(formatOutput(output, { status: status ?? {}, flows, policies }, () => ''));
    return;
  }
  if (flows.length === 0) io.err('no flows\n');
  else
    io.out(
      `${tableOf(
        flows.map((flow) => rowOf(flow, output)),
        output,
      )}\n`,
    );
};

export const flowsVerb: Verb = {
  declare(command) {
    command
      .option('-n, --namespace <name>', 'only flows with an end in this namespace')
      .option('-A, --all-namespaces', 'flows of all namespaces, which is the default')
      .option('--denied', 'only what was refused')
      .option('--allowed', 'only what was allowed')
      .option('--pod <name>', 'only flows of this pod, or of the pods of this workload: NAME or NAMESPACE/NAME')
      .option('--policy <name>', 'only flows that this policy decided: NAME or NAMESPACE/NAME')
      .option('--since <time>', 'only flows since then: a duration such as 10m, or an ISO 8601 time')
      .option('-w, --watch', 'go on with what comes; without --since only that')
      .option('--records-dir <dir>', `the agent's --records-dir (default: $${VARIABLE}, or ${DEFAULT_FOLDER})`)
      .addOption(
        new Option('-o, --output <format>', 'print the result as')
          .choices(['table', 'wide', 'json', 'yaml'])
          .default('table'),
      )
      .addHelpText(
        'after',
        `
Asks the agent of this node who talked to whom in the last 24 hours, and why a
connection was refused: which policies isolate the pod, which rule came nearest
and what it lacks. It runs in the agent's pod. Times are in ISO 8601.

Examples:
  kubectl -n kube-system exec ds/portcullis -- portcullis flows --denied -w
  portcullis flows -n shop --since 10m
  portcullis flows --pod shop/web -o json`,
      );
  },
  async run(command, io) {
    const options = command.opts<FlowsOptions>();
    const filter = filterOf(options);
    const given = options.recordsDir ?? io.env[VARIABLE];
    const folder = given === undefined || given === '' || given === '0' ? DEFAULT_FOLDER : given;
    const ask = options.watch === true ? watchFlows : listFlows;
    await ask({ path: path.join(folder, FLOWS_SOCKET), setting: 'records-dir' }, filter, options, io);
    return 0;
  },
};
