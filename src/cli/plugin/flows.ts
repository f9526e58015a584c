import { Option } from 'commander';
import { createLines } from '../../model/lines.ts';
import { messageOf } from '../../model/message-of.ts';
import type { FlowFilter } from '../../records/filter.ts';
import type { FlowRecord } from '../../records/record.ts';
import { declareFilter, filterOf, type FilterOptions, flagsOf } from '../flows/filter-options.ts';
import { FLOW_FORMATS, type FlowFormat, openPrinter, printFlows } from '../flows/print.ts';
import { contextOption, kubeconfigOption } from '../live-cluster.ts';
import { type CliIo, type ExitCode, UsageError, type Verb } from '../verb.ts';
import { type AgentOptions, agentOptions, type Agents, AT_ONCE, execArgs, openAgents, whyNoAnswer } from './agents.ts';
import { askFlows } from './ask-flows.ts';
import { createInOrder } from './in-order.ts';

interface FlowsOptions extends FilterOptions, AgentOptions {
  readonly watch?: true;
  readonly output: FlowFormat;
}

/** Follows the agents until all streams have ended, which they do with this process. */
const watch = async (
  { kubectl, agents, without }: Agents,
  filter: FlowFilter,
  output: FlowFormat,
  io: CliIo,
): Promise<ExitCode> => {
  if (agents.length > AT_ONCE) {
    throw new UsageError(`-w follows up to ${AT_ONCE} of the ${agents.length} nodes: name them with --node`);
  }
  for (const node of without) io.err(`note: ${node} has no agent: no policy is enforced there\n`);
  const inOrder = createInOrder<FlowRecord>(openPrinter(output, io));
  const { signal } = new AbortController();
  const args = ['flows', '-w', '-o', 'json', '--end-with-input', ...flagsOf(filter)];
  await Promise.all(
    agents.map(async (agent) => {
      const onText = createLines((line) => {
        inOrder.take(JSON.parse(line) as FlowRecord);
      });
      try {
        await kubectl.follow(execArgs(agent, args, ['-i']), { onText, signal });
        io.err(`note: ${agent.node}: its stream has ended\n`);
      } catch (error) {
        io.err(`note: ${agent.node}: its stream has ended: ${messageOf(whyNoAnswer(error))}\n`);
      }
    }),
  );
  inOrder.end();
  return 1;
};

export const pluginFlowsVerb: Verb = {
  declare(command) {
    declareFilter(command)
      .option('-w, --watch', `go on with what comes, of up to ${AT_ONCE} nodes; without --since only that`)
      .addOption(kubeconfigOption())
      .addOption(contextOption())
      .addOption(new Option('-o, --output <format>', 'print the result as').choices(FLOW_FORMATS).default('table'));
    for (const option of agentOptions()) command.addOption(option);
    command.addHelpText(
      'after',
      `
Asks the agents of all nodes who talked to whom in the last 24 hours, and why a
connection was refused. It runs a command in the agents' pods with your own
rights (create on pods/exec), on up to ${AT_ONCE} nodes at a time. Nodes that do not
answer are named, and the exit code is 1 then. Flows come in order of time.

Examples:
  kubectl portcullis flows --denied -w
  kubectl portcullis flows -n shop --since 10m
  kubectl portcullis flows --pod shop/web --node n1 -o json`,
    );
  },
  async run(command, io) {
    const options = command.opts<FlowsOptions>();
    const filter = filterOf(options);
    const agents = await openAgents(options, io);
    if (options.watch === true) return watch(agents, filter, options.output, io);
    const { merged, isWhole } = await askFlows(agents, options, filter, io);
    printFlows(options.output, merged.flows, merged, io);
    return isWhole ? 0 : 1;
  },
};
