import { Option } from 'commander';
import { type ComparedState, compareStates, DIFF_FORMATS, type DiffFormat, formatReport } from './diff/compare.ts';
import { loadState, readStateText } from './diff/read-state.ts';
import { tellProblems } from './input.ts';
import type { ContextOptions } from './kubectl.ts';
import { contextOption, kubeconfigOption } from './live-cluster.ts';
import { MOST_REPLICAS, readCluster, workloadsOf } from './matrix/read-cluster.ts';
import { createProgress } from './progress.ts';
import { tellFaults } from './tell-faults.ts';
import { UsageError, type Verb } from './verb.ts';

interface DiffOptions extends ContextOptions {
  readonly output: DiffFormat;
  readonly exitCode?: boolean;
}

export const diffVerb: Verb = {
  declare(command) {
    command
      .argument('<before>', 'a file, a folder, REVISION:PATH of git, - for standard input, or cluster')
      .argument('<after>', 'likewise')
      .addOption(new Option('-o, --output <format>', 'print as').choices(DIFF_FORMATS).default('table'))
      .addOption(kubeconfigOption())
      .addOption(contextOption())
      .option('--exit-code', 'exit with 1 if a connection opens or closes')
      .addHelpText(
        'after',
        `
Tells which workloads reach which others at which ports in the second state and
not in the first, and the other way round: not which lines differ. Nothing is
changed.

A state is the first of these that fits:
  -              standard input, once
  deploy/, a.yaml  a file or folder that exists
  cluster        the cluster that a kubeconfig names
  main:deploy/   a folder or file of a commit in the git repository here;
                 the path begins at the top of the repository, or with ./;
                 kustomizations and charts are not rendered there
Give pods (or the workloads that make them) and namespaces along with the
policies. Workloads that only one state has are named and not compared.

Exit codes: 0, or with --exit-code 1 where something opens or closes; 1 if a
manifest or policy cannot be read; 2 for wrong usage.

Examples:
  portcullis diff main:deploy/ deploy/
  portcullis diff main:deploy/ HEAD:deploy/ -o markdown --exit-code
  kubectl get pods,namespaces,networkpolicies -A -o yaml > before.yaml
  portcullis diff before.yaml after.yaml -o json`,
      );
  },
  async run(command, io) {
    const { output, exitCode = false, ...context } = command.opts<DiffOptions>();
    const states = command.args.map((typed) => readStateText(typed));
    if (states.filter(({ kind }) => kind === 'stdin').length > 1) throw new UsageError('only one state can be -');
    const progress = createProgress(io, process.stderr.isTTY);
    let isFlawed = false;
    const read: ComparedState[] = [];
    for (const each of states) {
      const loaded = await loadState(each, io, MOST_REPLICAS, context);
      tellProblems(loaded, io);
      const cluster = readCluster(loaded, read[0]?.cluster);
      tellFaults(cluster.policy.faults, loaded, io);
      isFlawed ||= loaded.problems.length > 0 || cluster.policy.faults.length > 0;
      progress.at('comparing pods with policies');
      read.push({ cluster, workloadOf: workloadsOf(loaded) });
    }
    const [before, after] = read;
    if (before === undefined || after === undefined) throw new UsageError('give two states');
    progress.at('comparing the two states');
    const report = compareStates(before, after, io);
    progress.hide();
    io.out(formatReport(report, output));
    return isFlawed || (exitCode && report.changes.length > 0) ? 1 : 0;
  },
};
