import { checkPolicies } from '../check/check-policies.ts';
import { SEVERITY } from '../check/finding.ts';
import { toCheckedCluster } from '../check/subject.ts';
import { placeFindings } from './check/placed-finding.ts';
import { describeReport, toReport } from './check/report.ts';
import { filenameOption, readInput } from './input.ts';
import { formatOutput, type OutputOptions, outputOption } from './output.ts';
import type { Verb } from './verb.ts';

interface CheckOptions extends OutputOptions {
  readonly strict?: boolean;
}

export const checkVerb: Verb = {
  declare(command) {
    command
      .argument('[path...]', 'manifests, as with -f')
      .addOption(filenameOption())
      .option('--strict', 'warnings fail as errors do')
      .addOption(outputOption())
      .addHelpText(
        'after',
        `
Errors are what the API server would refuse, and fail. Warnings are likely mistakes, and fail with --strict. Notes are
surprises that may well be meant. Give pods (or the workloads that make them) and namespaces along with the policies:
what selects nothing can only be told of those.

Codes: manifest, ${Object.keys(SEVERITY).join(', ')}

Examples:
  portcullis check -f policies/
  portcullis check --strict -f manifests/ -o json
  kubectl get pods,namespaces,networkpolicies -A -o yaml | portcullis check -f -`,
      );
  },
  async run(command, io) {
    const { strict = false, output } = command.opts<CheckOptions>();
    const loaded = await readInput(command);
    const cluster = toCheckedCluster(loaded.snapshot, loaded.namespaceOrigins.keys());
    const findings = placeFindings(loaded, checkPolicies(cluster));
    const report = toReport(findings, cluster.policies.length);
    io.out(formatOutput(output, report, () => describeReport(report)));
    return report.counts.error > 0 || (strict && report.counts.warning > 0) ? 1 : 0;
  },
};
