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

const of = (runs: readonly Run[], what: keyof Run): number => median(runs.map((run) => run[what]));

/**
 * Goals that the median misses. Time is the processor's: on a machine at rest the clock shows no more, and what else a machine
 * does counts for nothing.
 */
export const missedGoals = ({ runs }: Pick<MatrixResults, 'runs'>): readonly string[] =>
  MATRIX_ROWS.flatMap(({ id, title, goals }) =>
    Object.entries(goals).flatMap(([pods, goal]) => {
      const found = runs[id]?.[pods];
      if (found === undefined || found.length === 0) return [];
      const [seconds, megabytes] = [of(found, 'processorSeconds'), of(found, 'megabytes')];
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
    : `**${of(runs, 'processorSeconds').toFixed(1)}** (${of(runs, 'seconds').toFixed(1)}) s, ${of(runs, 'megabytes').toFixed(0)} MB`;

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

const WIDTH = 900;
const HEIGHT = 420;
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 250, 40, 50];
const COLOURS = ['#0b6e4f', '#c1440e', '#3b5bdb', '#862e9c', '#8d6e00', '#1098ad', '#e64980', '#495057'];

const scale = (low: number, high: number, from: number, to: number) => (value: number) =>
  from + (Math.log10(value / low) / Math.log10(high / low)) * (to - from);

/** How the processor time of each command grows with the cluster, both axes logarithmic; linear growth is the dashed line. */
export const growthPlot = ({ runs }: Pick<MatrixResults, 'runs'>): string => {
  const x = scale(1_000, 100_000, LEFT, WIDTH - RIGHT);
  const y = scale(0.1, 100, HEIGHT - BOTTOM, TOP);
  const lines = MATRIX_ROWS.flatMap(({ id, title }, at) => {
    const points = Object.entries(runs[id] ?? {})
      .map(([pods, found]) => ({ pods: Number(pods), seconds: of(found, 'processorSeconds') }))
      .sort((a, b) => a.pods - b.pods);
    const colour = COLOURS[at % COLOURS.length] ?? '#000';
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map(({ pods, seconds }) => `${x(pods).toFixed(1)},${y(seconds).toFixed(1)}`).join(' ')}"/>`,
      ...points.map(
        ({ pods, seconds }) =>
          `<circle cx="${x(pods).toFixed(1)}" cy="${y(seconds).toFixed(1)}" r="3" fill="${colour}"><title>${title}, ${pods} pods: ${seconds.toFixed(2)} s</title></circle>`,
      ),
      `<text x="${WIDTH - RIGHT + 15}" y="${TOP + 20 + at * 18}" fill="${colour}">${title}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="12" y="24" font-weight="bold">Processor time, s, by pods of the cluster</text>`,
    ...[1_000, 3_000, 10_000, 30_000, 100_000].map(
      (pods) =>
        `<line x1="${x(pods).toFixed(1)}" x2="${x(pods).toFixed(1)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#ddd"/><text x="${x(pods).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${pods.toLocaleString('en')}</text>`,
    ),
    ...[0.1, 1, 10, 100].map(
      (seconds) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(seconds).toFixed(1)}" y2="${y(seconds).toFixed(1)}" stroke="#ddd"/><text x="${LEFT - 8}" y="${(y(seconds) + 4).toFixed(1)}" text-anchor="end">${seconds}</text>`,
    ),
    `<line x1="${x(1_000)}" y1="${y(0.3).toFixed(1)}" x2="${x(100_000)}" y2="${y(30).toFixed(1)}" stroke="#999" stroke-dasharray="4 3"/>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
};
