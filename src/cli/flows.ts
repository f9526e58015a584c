import { Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import type { FlowFilter } from '../records/filter.ts';
import type { FlowAnswer } from '../records/flow-request.ts';
import { type AgentSocket, askAgent } from './ask-agent.ts';
import { caveats } from './flows/caveats.ts';
import { declareFilter, filterOf, type FilterOptions } from './flows/filter-options.ts';
import { flowsSocket, listedFlows, RECORDS_DIR_HELP } from './flows/records-folder.ts';
import { FLOW_FORMATS, type FlowFormat, openPrinter, printFlows } from './flows/print.ts';
import type { CliIo, Verb } from './verb.ts';

interface FlowsOptions extends FilterOptions {
  readonly watch?: true;
  readonly output: FlowFormat;
  readonly recordsDir?: string;
  readonly endWithInput?: true;
}

const watchFlows = async (
  socket: AgentSocket,
  filter: FlowFilter,
  { output, endWithInput }: FlowsOptions,
  io: CliIo,
): Promise<void> => {
  const tell = openPrinter(output, io);
  const end = new AbortController();
  if (endWithInput === true) {
    process.stdin.resume().once('end', () => {
      end.abort();
    });
  }
  await askAgent<FlowAnswer>(
    socket,
    { filter, watch: true },
    (answer) => {
      if ('status' in answer) for (const caveat of caveats(answer.status)) io.err(`note: ${caveat}\n`);
      else if ('flow' in answer) tell(answer.flow);
      else if ('lost' in answer) io.err(`note: ${answer.lost} records came faster than they were read\n`);
    },
    end.signal,
  );
  if (endWithInput === true) process.stdin.pause();
};

const listFlows = async (
  socket: AgentSocket,
  filter: FlowFilter,
  { output }: FlowsOptions,
  io: CliIo,
): Promise<void> => {
  const { status, flows, policies } = await listedFlows(socket, filter);
  if (status !== undefined) for (const caveat of caveats(status)) io.err(`note: ${caveat}\n`);
  printFlows(output, flows, { version: packageJson.version, status: status ?? {}, flows, policies }, io);
};

export const flowsVerb: Verb = {
  declare(command) {
    declareFilter(command)
      .option('-w, --watch', 'go on with what comes; without --since only that')
      .option('--records-dir <dir>', RECORDS_DIR_HELP)
      .addOption(new Option('--end-with-input', 'with -w: end when standard input ends').hideHelp())
      .addOption(new Option('-o, --output <format>', 'print the result as').choices(FLOW_FORMATS).default('table'))
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
    const ask = options.watch === true ? watchFlows : listFlows;
    await ask(flowsSocket(options.recordsDir, io), filter, options, io);
    return 0;
  },
};
