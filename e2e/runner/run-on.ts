import { resultTable } from '../conformance/report.ts';
import { POLICY_SPECS, runSuite, SCTP_SPECS } from '../conformance/run-suite.ts';
import type { Target } from '../support/target.ts';
import { installAgent } from './install.ts';
import type { Count, Outcome } from './outcome.ts';
import { runSpecs, type SpecSelection } from './run-specs.ts';

/** What runs on a cluster. */
export interface Selection {
  readonly specs: SpecSelection;
  /** Regular expression of specs of Kubernetes' own suite; if absent, none run. */
  readonly suite?: string;
  /** Number of those that run at the same time. */
  readonly procs: number;
  /** The file of the suite's own output. */
  readonly suiteLog: string;
}

/** The default of `Selection.suite`. */
export const WHOLE_SUITE = POLICY_SPECS;

const runUpstream = async (
  target: Target,
  focus: string,
  { procs, suiteLog }: Selection,
  say: (line: string) => void,
): Promise<Count> => {
  const { kubeconfig } = target;
  const results = await runSuite({ kubeconfig, focus, skip: SCTP_SPECS, procs, logFile: suiteLog, say });
  console.error(resultTable(results));
  return { passed: results.filter(({ passed }) => passed).length, total: results.length };
};

/** Installs the agent on a cluster that has its image, and runs specs there. */
export const runOn = async (
  target: Target,
  selection: Selection,
  say: (line: string) => void,
): Promise<Pick<Outcome, 'installSeconds' | 'specs' | 'suite'>> => {
  const installSeconds = await installAgent(target);
  say(`every node enforces, ${installSeconds.toFixed(1)} s after the first apply`);
  const specs = await runSpecs(target, selection.specs);
  const { suite: focus } = selection;
  return {
    installSeconds,
    specs,
    ...(focus === undefined ? {} : { suite: await runUpstream(target, focus, selection, say) }),
  };
};
