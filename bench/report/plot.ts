import { ROWS, type Row } from '../rows/row.ts';
import { goalOf } from './goal.ts';
import type { Results } from './results.ts';
import { median } from './statistics.ts';

const WIDTH = 1040;
const LEFT = 400;
const RIGHT = 30;
const LANE = 18;
const GAP = 14;
const COLOURS = ['#0b6e4f', '#c1440e', '#3b5bdb', '#862e9c', '#8d6e00'];

const escapeText = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Returns a logarithmic scale between the least and the greatest value of all agents and the goal. */
const scaleOf = (values: readonly number[]): ((value: number) => number) => {
  const positive = values.filter((value) => value > 0);
  const low = Math.log10(Math.min(...positive) / 1.3);
  const high = Math.log10(Math.max(...positive) * 1.3);
  return (value) =>
    LEFT + ((Math.log10(Math.max(value, 10 ** low)) - low) / Math.max(high - low, 1e-9)) * (WIDTH - LEFT - RIGHT);
};

interface Strip {
  readonly row: Row;
  readonly samples: Readonly<Record<string, readonly number[]>>;
  readonly goal: number | undefined;
}

const stripLines = (
  { row, samples, goal }: Strip,
  top: number,
  colourOf: (agent: string) => string,
): readonly string[] => {
  const entries = Object.entries(samples);
  const at = scaleOf([...entries.flatMap(([, values]) => values), ...(goal === undefined ? [] : [goal])]);
  const bottom = top + entries.length * LANE;
  const label = `${row.title}${row.unit === '' ? '' : `, ${row.unit}`}`;
  return [
    `<text x="${LEFT - 12}" y="${(top + bottom) / 2 + 4}" text-anchor="end">${escapeText(label)}</text>`,
    ...(goal === undefined
      ? []
      : [
          `<line x1="${at(goal).toFixed(1)}" x2="${at(goal).toFixed(1)}" y1="${top}" y2="${bottom}" stroke="#999" stroke-dasharray="3 2"/>`,
        ]),
    ...entries.flatMap(([agent, values], lane) => {
      const y = top + lane * LANE + LANE / 2;
      const middle = median(values);
      return [
        ...values.map(
          (value) =>
            `<circle cx="${at(value).toFixed(1)}" cy="${y}" r="3" fill="${colourOf(agent)}" fill-opacity="0.35"/>`,
        ),
        `<line x1="${at(middle).toFixed(1)}" x2="${at(middle).toFixed(1)}" y1="${y - 7}" y2="${y + 7}" stroke="${colourOf(agent)}" stroke-width="2"/>`,
        `<text x="${(at(middle) + 5).toFixed(1)}" y="${y - 3}" font-size="9" fill="${colourOf(agent)}">${middle.toFixed(row.digits)}</text>`,
      ];
    }),
  ];
};

/** Plots every sample as a dot, the median as a bar and the goal as a dashed line; each row has its own logarithmic scale. */
export const plotOf = ({ state, rows }: Results): string => {
  const strips = ROWS.flatMap((row): readonly Strip[] => {
    const samples = rows[row.id]?.samples;
    const values = Object.values(samples ?? {}).flat();
    return samples === undefined || !values.some((value) => value > 0)
      ? []
      : [{ row, samples, goal: goalOf(row, state, samples)?.bound }];
  });
  const agents = [...new Set(strips.flatMap(({ samples }) => Object.keys(samples)))];
  const colourOf = (agent: string): string => COLOURS[agents.indexOf(agent) % COLOURS.length] ?? '#000';
  let top = 50;
  const lines: string[] = [];
  for (const strip of strips) {
    lines.push(...stripLines(strip, top, colourOf));
    top += Object.keys(strip.samples).length * LANE + GAP;
  }
  const legend = agents.map(
    (agent, index) =>
      `<text x="${LEFT + index * 160}" y="24" font-weight="bold" fill="${colourOf(agent)}">${escapeText(agent)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="12" y="24" font-weight="bold">State ${state}</text>`,
    ...legend,
    ...lines,
    '</svg>',
    '',
  ].join('\n');
};
