import { medianOf, type MatrixResults } from './report.ts';
import { MATRIX_ROWS, MATRIX_SIZES } from './rows.ts';

const WIDTH = 1_180;
const HEIGHT = 440;
const [LEFT, TOP, BOTTOM] = [60, 50, 50];
const PANEL_WIDTH = 400;
const PANEL_GAP = 70;
const COLOURS = ['#0b6e4f', '#c1440e', '#3b5bdb', '#862e9c', '#8d6e00', '#1098ad', '#e64980', '#495057'];
/** Pods at the ends of the horizontal axis. */
const [LEAST_PODS, MOST_PODS] = [1_000, 100_000];

/** One of the two plots: what it shows over the pods of the cluster, both axes logarithmic. */
interface Panel {
  readonly title: string;
  readonly left: number;
  readonly quantity: 'processorSeconds' | 'megabytes';
  readonly ticks: readonly number[];
  /** The value of the dashed line of linear growth at the smallest cluster, in units of the axis. */
  readonly linearFrom: number;
}

const PANELS: readonly Panel[] = [
  { title: 'Processor time, s', left: LEFT, quantity: 'processorSeconds', ticks: [0.1, 1, 10, 100], linearFrom: 0.3 },
  {
    title: 'Peak memory, MB',
    left: LEFT + PANEL_WIDTH + PANEL_GAP,
    quantity: 'megabytes',
    ticks: [100, 300, 1_000, 3_000, 10_000],
    linearFrom: 100,
  },
];

type Scale = (value: number) => number;

const logarithmic =
  (low: number, high: number, from: number, to: number): Scale =>
  (value) =>
    from + (Math.log10(value / low) / Math.log10(high / low)) * (to - from);

const at = (place: number): string => place.toFixed(1);

const line = (from: readonly [number, number], to: readonly [number, number], style: string): string =>
  `<line x1="${at(from[0])}" y1="${at(from[1])}" x2="${at(to[0])}" y2="${at(to[1])}" ${style}/>`;

const axes = ({ title, left, ticks, linearFrom }: Panel, x: Scale, y: Scale): readonly string[] => {
  const [right, bottom] = [left + PANEL_WIDTH, HEIGHT - BOTTOM];
  const most = ticks.at(-1) ?? 1;
  // Linear growth, as far as the panel goes.
  const until = Math.min(MOST_PODS, (most / linearFrom) * LEAST_PODS);
  return [
    `<text x="${left}" y="${TOP - 14}" font-weight="bold">${title}</text>`,
    ...MATRIX_SIZES.flatMap(({ pods }) => [
      line([x(pods), TOP], [x(pods), bottom], 'stroke="#ddd"'),
      `<text x="${at(x(pods))}" y="${bottom + 18}" text-anchor="middle">${pods.toLocaleString('en')}</text>`,
    ]),
    ...ticks.flatMap((tick) => [
      line([left, y(tick)], [right, y(tick)], 'stroke="#ddd"'),
      `<text x="${left - 8}" y="${at(y(tick) + 4)}" text-anchor="end">${tick.toLocaleString('en')}</text>`,
    ]),
    line(
      [x(LEAST_PODS), y(linearFrom)],
      [x(until), y((linearFrom * until) / LEAST_PODS)],
      'stroke="#999" stroke-dasharray="4 3"',
    ),
    `<text x="${left + PANEL_WIDTH / 2}" y="${bottom + 38}" text-anchor="middle">pods of the cluster</text>`,
  ];
};

const curves = ({ quantity }: Panel, runs: MatrixResults['runs'], x: Scale, y: Scale): readonly string[] =>
  MATRIX_ROWS.flatMap(({ id, title }, row) => {
    const points = Object.entries(runs[id] ?? {})
      .filter(([, found]) => found.length > 0)
      .map(([pods, found]) => ({ pods: Number(pods), value: medianOf(found, quantity) }))
      .sort((a, b) => a.pods - b.pods);
    const colour = COLOURS[row % COLOURS.length] ?? '#000';
    return [
      `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map(({ pods, value }) => `${at(x(pods))},${at(y(value))}`).join(' ')}"/>`,
      ...points.map(
        ({ pods, value }) =>
          `<circle cx="${at(x(pods))}" cy="${at(y(value))}" r="3" fill="${colour}"><title>${title}, ${pods} pods: ${value.toFixed(2)}</title></circle>`,
      ),
    ];
  });

const legend = (runs: MatrixResults['runs']): readonly string[] => {
  const left = LEFT + 2 * PANEL_WIDTH + PANEL_GAP + 15;
  const named = MATRIX_ROWS.map(({ id, title }, row) => ({
    id,
    title,
    colour: COLOURS[row % COLOURS.length] ?? '#000',
  }));
  const entries = [
    ...named.filter(({ id }) => Object.keys(runs[id] ?? {}).length > 0),
    { title: 'dashed: linear growth', colour: '#666' },
  ];
  return entries.map(
    ({ title, colour }, number) => `<text x="${left}" y="${TOP + 12 + number * 20}" fill="${colour}">${title}</text>`,
  );
};

/** Plots how the processor time and the peak memory of each command grow with the cluster. */
export const growthPlot = ({ runs }: Pick<MatrixResults, 'runs'>): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...PANELS.flatMap((panel) => {
      const x = logarithmic(LEAST_PODS, MOST_PODS, panel.left, panel.left + PANEL_WIDTH);
      const y = logarithmic(panel.ticks[0] ?? 1, panel.ticks.at(-1) ?? 10, HEIGHT - BOTTOM, TOP);
      return [...axes(panel, x, y), ...curves(panel, runs, x, y)];
    }),
    ...legend(runs),
    '</svg>',
    '',
  ].join('\n');
