import type { Machine } from '../report/machine.ts';
import { median } from '../report/statistics.ts';
import type { Run } from './measure.ts';
import { MATRIX_ROWS, MATRIX_SIZES, type MatrixRow } from './rows.ts';

/** All runs, by row, then by pods. */
export interface MatrixResults {
  readonly machine: Machine;
  readonly date: string;
  readonly load: readonly [least: number, most: number];
  readonly runs: Readonly<Record<string, Readonly<Record<string, readonly Run[]>>>>;
}

/** The median of some runs. */
export const medianOf = (runs: readonly Run[], what: keyof Run): number => median(runs.map((run) => run[what]));

/**
 * Goals that the median misses. Time is the processor's: on a machine at rest the clock shows no more, and what else a machine
 * does counts for nothing.
 */
export const missedGoals = ({ runs }: Pick<MatrixResults, 'runs'>): readonly string[] =>
  MATRIX_ROWS.flatMap(({ id, title, goals }) =>
    Object.entries(goals).flatMap(([pods, goal]) => {
      const found = runs[id]?.[pods];
      if (found === undefined || found.length === 0) return [];
      const [seconds, megabytes] = [medianOf(found, 'processorSeconds'), medianOf(found, 'megabytes')];
      return [
        ...(seconds > goal.seconds
          ? [`${title}, ${pods} pods: ${seconds.toFixed(1)} s, more than ${goal.seconds} s`]
          : []),
        ...(megabytes > (goal.megabytes ?? Number.POSITIVE_INFINITY)
          ? [`${title}, ${pods} pods: ${megabytes.toFixed(0)} MB, more than ${String(goal.megabytes)} MB`]
          : []),
      ];
    }),
  );

const goalText = ({ goals }: MatrixRow): string =>
  Object.entries(goals)
    .map(
      ([pods, goal]) =>
        `${Number(pods).toLocaleString('en')} pods: ≤ ${goal.seconds} s${goal.megabytes === undefined ? '' : `, ≤ ${goal.megabytes} MB`}`,
    )
    .join('; ');

const cellText = (runs: readonly Run[] | undefined): string =>
  runs === undefined || runs.length === 0
    ? '–'
    : `**${medianOf(runs, 'processorSeconds').toFixed(1)}** (${medianOf(runs, 'seconds').toFixed(1)}) s, ${medianOf(runs, 'megabytes').toFixed(0)} MB`;

export const matrixMarkdown = (results: MatrixResults): string => {
  const { machine, date, load, runs } = results;
  const sizes = MATRIX_SIZES.filter(({ pods }) => Object.values(runs).some((bySize) => String(pods) in bySize));
  return [
    '# Manifests at the size of clusters',
    '',
    'Each command in a process of its own, from its start to its end: reading the manifests is most of it.',
    'Median of the runs: seconds of the processor (of the clock, beside all else that the machine did), resident memory at its peak.',
    'The goals are held to the processor: on a machine at rest the clock shows no more.',
    '',
    `|  | goal | ${sizes.map(({ pods, policies }) => `${pods.toLocaleString('en')} pods, ${policies.toLocaleString('en')} policies`).join(' | ')} |`,
    `| --- | --- | ${sizes.map(() => '---').join(' | ')} |`,
    ...MATRIX_ROWS.map(
      (row) =>
        `| ${row.title} | ${goalText(row)} | ${sizes.map(({ pods }) => cellText(runs[row.id]?.[String(pods)])).join(' | ')} |`,
    ),
    '',
    '![growth](matrix.svg)',
    '',
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB; Linux ${machine.kernel}; Node ${machine.node}.`,
    `Load average while measuring ${load[0].toFixed(1)} to ${load[1].toFixed(1)}, the measured work included; ${date}.`,
    '',
  ].join('\n');
};
