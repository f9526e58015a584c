import { Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { checkPolicies } from '../check/check-policies.ts';
import { SEVERITY } from '../check/finding.ts';
import { toCheckedCluster } from '../check/subject.ts';
import { count } from '../check/words.ts';
import { toAnnotations } from './check/annotations.ts';
import { type Checked, fixFiles } from './check/fix-files.ts';
import { countUnset, requireNamespace } from './check/namespaces.ts';
import { policyNamespace } from '../model/policy-object.ts';
import { placeFindings } from './check/placed-finding.ts';
import { type CheckReport, describeReport, toReport } from './check/report.ts';
import { toSarif } from './check/sarif.ts';
import { filenameOption, pathsOf, readInput } from './input.ts';
import { contextOption, kubeconfigOption } from './live-cluster.ts';
import { formatOutput, type OutputFormat } from './output.ts';
import { UsageError, type Verb } from './verb.ts';

interface CheckOptions {
  readonly namespace?: string;
  readonly strict?: boolean;
  readonly fix?: boolean;
  readonly output: OutputFormat | 'sarif' | 'github';
}

const format = (report: CheckReport, output: CheckOptions['output']): string => {
  if (output === 'github') return toAnnotations(report.findings);
  if (output === 'sarif') {
    return formatOutput('json', toSarif(report.findings, packageJson.version), () => '');
  }
  return formatOutput(output, report, () => describeReport(report));
};

/** The codes in lines that fit a terminal. */
const codeLines = (codes: readonly string[]): string => {
  const lines = [''];
  for (const code of codes) {
    const last = lines.at(-1) ?? '';
    const longer = last === '' ? code : `${last}, ${code}`;
    if (longer.length <= 76) lines[lines.length - 1] = longer;
    else lines.push(code);
  }
  return lines.map((line) => `  ${line}`).join(',\n');
};

export const checkVerb: Verb = {
  declare(command) {
    command
      .argument('[path...]', 'manifests, as with -f')
      .addOption(filenameOption())
      .addOption(kubeconfigOption())
      .addOption(contextOption())
      .option(
        '-n, --namespace <name>',
        'the namespace of objects that name none, "default" if absent; of a cluster: only its policies',
      )
      .option('--strict', 'warnings fail as errors do')
      .option('--fix', 'write the repairs that are certain into the files')
      .addOption(
        new Option('-o, --output <format>', 'print the result as')
          .choices(['text', 'json', 'yaml', 'sarif', 'github'])
          .default('text'),
      )
      .addHelpText(
        'after',
        `
Errors fail: kubectl or the API server refuses the policy, or it is enforced as
one that allows nothing. Warnings are likely mistakes, and fail with --strict.
Notes may well be meant. Give pods (or the workloads that make them), Services
and namespaces along with the policies: check needs them to find
selectors without a match and wrong ports.

A folder with a kustomization is rendered by kustomize or kubectl, a Helm chart
by helm. --fix changes nothing that is a decision, and nothing in rendered text.

Codes, each explained in docs/check.md:
${codeLines(['manifest', 'no-manifest', ...Object.keys(SEVERITY)])}

Examples:
  portcullis check -f policies/ -n shop
  portcullis check --fix policies/web.yaml
  portcullis check --strict -f deploy/chart -o github
  portcullis check -f manifests/ -o sarif > portcullis.sarif
  kubectl get pods,services,namespaces,networkpolicies -A -o yaml |
    portcullis check -f -`,
      );
  },
  async run(command, io) {
    const { namespace, strict = false, fix = false, output } = command.opts<CheckOptions>();
    if (fix && pathsOf(command).includes('-')) {
      throw new UsageError('--fix writes into files: give files or folders, not standard input');
    }
    const isLive = pathsOf(command).length === 0;
    if (fix && isLive) throw new UsageError('--fix writes into files: give files or folders with -f');
    const check = async (): Promise<Checked> => {
      const loaded = await readInput(command, io, namespace === undefined ? {} : { namespace });
      if (namespace !== undefined) requireNamespace(loaded, namespace);
      const cluster = toCheckedCluster(loaded.snapshot, {
        declared: loaded.namespaceOrigins.keys(),
        services: loaded.services,
        written: (key) => loaded.policyOrigins.get(key)?.raw,
      });
      const findings = checkPolicies(cluster);
      if (!isLive || namespace === undefined) return { loaded, findings };
      return { loaded, findings: findings.filter(({ policy }) => policyNamespace(policy) === namespace) };
    };
    const fixed = fix ? await fixFiles(check) : undefined;
    if (fixed !== undefined) {
      io.err(`${count(fixed.made, 'repair')} made${fixed.made === 0 ? '' : ` in ${fixed.files.join(', ')}`}\n`);
    }
    const { loaded, findings } = fixed ?? (await check());
    const unset = namespace === undefined ? countUnset(loaded) : 0;
    if (unset > 0 && output === 'text') {
      const names = unset === 1 ? 'names' : 'name';
      io.err(`note: ${count(unset, 'policy')} ${names} no namespace: checked in "default", -n sets another one\n`);
    }
    const report = toReport(placeFindings(loaded, findings), loaded.snapshot.policies.size);
    io.out(format(report, output));
    return report.counts.error > 0 || (strict && report.counts.warning > 0) ? 1 : 0;
  },
};
