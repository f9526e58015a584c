import { createPortSets } from '../../reach/port-sets.ts';
import { differenceOf } from '../../reach/difference.ts';
import type { WorkloadOf } from '../../reach/workloads.ts';
import { type ReadCluster, reachOf } from '../matrix/read-cluster.ts';
import { formatOutput } from '../output.ts';
import type { CliIo } from '../verb.ts';
import { type DiffReport, describeReport, markdownReport, toReport } from './report.ts';

/** The forms in which a comparison is printed. */
export const DIFF_FORMATS = ['table', 'markdown', 'json', 'yaml'] as const;
export type DiffFormat = (typeof DIFF_FORMATS)[number];

/** A state of the cluster to compare. */
export interface ComparedState {
  readonly cluster: ReadCluster;
  readonly workloadOf: WorkloadOf;
}

/** Returns what opens and closes between two states; names families that only one has on standard error. */
export const compareStates = (before: ComparedState, after: ComparedState, io: CliIo): DiffReport => {
  const portSets = createPortSets();
  const families = before.cluster.families.filter((family) => after.cluster.families.includes(family));
  const others = [before, after].flatMap(({ cluster }) => cluster.families).filter((each) => !families.includes(each));
  if (others.length > 0) io.err(`note: only one state has addresses of ${others.join(', ')}: these are not compared\n`);
  const [first, second] = [before, after].map(({ cluster, workloadOf }) => ({
    reach: reachOf(cluster, portSets),
    pods: cluster.pods,
    workloadOf,
  }));
  if (first === undefined || second === undefined) throw new TypeError('two states are compared');
  return toReport(differenceOf(first, second), families);
};

/** Returns the report as it is printed. */
export const formatReport = (report: DiffReport, format: DiffFormat): string =>
  format === 'markdown'
    ? `${markdownReport(report)}\n`
    : formatOutput(format === 'table' ? 'text' : format, report, () => describeReport(report));
