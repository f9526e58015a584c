import type { StatusReport } from '../agent/status-report.ts';
import type { StatusAnswer } from '../agent/status-server.ts';
import { askAgent } from './ask-agent.ts';
import { formatOutput, type OutputOptions, outputOption } from './output.ts';
import { describeReport } from './status/describe-report.ts';
import type { Verb } from './verb.ts';

interface StatusOptions extends OutputOptions {
  readonly statusSocket?: string;
}

/** Where the manifests and the chart let the agent listen. */
const DEFAULT_SOCKET = '/run/portcullis/health/status.sock';
const VARIABLE = 'PORTCULLIS_STATUS_SOCKET';

const askForReport = async (path: string): Promise<StatusReport> => {
  const reports: StatusReport[] = [];
  await askAgent<StatusAnswer>({ path, setting: 'status-socket' }, { ask: 'status' }, ({ report }) => {
    reports.push(report);
  });
  const [report] = reports;
  if (report === undefined) throw new Error(`the agent at ${path} ended the connection without an answer`);
  return report;
};

export const statusVerb: Verb = {
  declare(command) {
    command
      .addOption(outputOption())
      .option('--status-socket <file>', `the agent's --status-socket (default: $${VARIABLE}, or ${DEFAULT_SOCKET})`)
      .addHelpText(
        'after',
        `
Asks the agent of this node, by a Unix socket that root alone can reach. It runs
in the agent's pod and does not depend on --listen. Times are in ISO 8601, UTC.
The exit code is 0 if the node enforces all of its policies, and 1 if it does
not, or if no agent answers.

Examples:
  kubectl -n kube-system exec ds/portcullis -- portcullis status
  portcullis status -o json`,
      );
  },
  async run(command, io) {
    const { output, statusSocket } = command.opts<StatusOptions>();
    const given = statusSocket ?? io.env[VARIABLE];
    const report = await askForReport(given === undefined || given === '' || given === '0' ? DEFAULT_SOCKET : given);
    io.out(formatOutput(output, report, () => describeReport(report)));
    return report.enforcement.level === 'enforcing' ? 0 : 1;
  },
};
