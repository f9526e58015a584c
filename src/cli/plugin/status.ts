import { asObject, asText } from '../../cluster/raw.ts';
import { printable } from '../../model/printable.ts';
import { contextOption, kubeconfigOption } from '../live-cluster.ts';
import { formatOutput, type OutputOptions, outputOption } from '../output.ts';
import type { Verb } from '../verb.ts';
import { type AgentOptions, agentOptions, askAgents, openAgents, tellUnanswered } from './agents.ts';
import { skewOf } from './versions.ts';

interface StatusOptions extends AgentOptions, OutputOptions {}

interface NodeStatus {
  readonly level: string;
  readonly version: string | undefined;
  readonly reasons: readonly string[];
  /** As the agent printed it. */
  readonly report: object;
}

/** Reads what `portcullis status -o json` prints, as far as it is shown for each node. */
const readStatus = (output: string): NodeStatus => {
  const report = asObject(JSON.parse(output));
  const { level, reasons } = asObject(report['enforcement']);
  return {
    level: asText(level) ?? 'unknown',
    version: asText(report['version']),
    reasons: Array.isArray(reasons) ? reasons.filter((each) => typeof each === 'string') : [],
    report,
  };
};

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

export const pluginStatusVerb: Verb = {
  declare(command) {
    command.addOption(kubeconfigOption()).addOption(contextOption()).addOption(outputOption());
    for (const option of agentOptions()) command.addOption(option);
    command.addHelpText(
      'after',
      `
Asks the agent of each node whether it enforces all of its policies. Nodes
without an agent, and those that do not answer, are named. The exit code is 0
where every node enforces everything.

Examples:
  kubectl portcullis status
  kubectl portcullis status --node n1 -o json`,
    );
  },
  async run(command, io) {
    const options = command.opts<StatusOptions>();
    const agents = await openAgents(options, io);
    // An agent that does not enforce everything says so, with exit code 1.
    const answers = await askAgents(
      agents,
      options,
      { args: ['status', '-o', 'json'], read: readStatus, readsFailures: true },
      io,
    );
    const isWhole = tellUnanswered(answers, io);
    const read = answers.flatMap((answer) => ('value' in answer ? [{ node: answer.of.node, ...answer.value }] : []));
    for (const { node, version } of read) {
      const skew = skewOf(node, version);
      if (skew !== undefined) io.err(`note: ${skew}\n`);
    }
    const nodes = answers.map((answer) =>
      'error' in answer
        ? { node: answer.of.node, error: answer.error }
        : { node: answer.of.node, status: answer.value.report },
    );
    const rows = read.map(({ node, level, version = '-', reasons }) =>
      [node, level, version, reasons.join('; ') || '-'].map(printable),
    );
    io.out(formatOutput(options.output, { nodes }, () => table([['NODE', 'STATE', 'VERSION', 'WHY'], ...rows])));
    return isWhole && read.every(({ level }) => level === 'enforcing') ? 0 : 1;
  },
};
