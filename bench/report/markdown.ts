import type { Machine } from './machine.ts';
import { ROWS, type Row } from '../rows/row.ts';
import { SIZES } from '../state/size.ts';
import { goalOf } from './goal.ts';
import type { Results, RowResult } from './results.ts';
import { median, quantile } from './statistics.ts';

const tableLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** The 99th percentile is meaningful from this many samples on. */
const ENOUGH_FOR_P99 = 50;

const cellOf = (row: Row, samples: readonly number[] | undefined): string => {
  if (samples === undefined || samples.length === 0) return '–';
  const text = (value: number): string => value.toFixed(row.digits);
  const middle = `**${text(median(samples))}**`;
  if (samples.length === 1) return middle;
  const tail = samples.length >= ENOUGH_FOR_P99 ? `, p99 ${text(quantile(samples, 0.99))}` : '';
  return `${middle} (${text(Math.min(...samples))}–${text(Math.max(...samples))}${tail})`;
};

const rowLine = (row: Row, result: RowResult, agents: readonly string[], results: Results): string => {
  const sizes = Object.values(result.samples).map((samples) => samples.length);
  const title = row.unit === '' ? row.title : `${row.title}, ${row.unit}`;
  const cells = agents.map((agent) => cellOf(row, result.samples[agent]));
  const goal = goalOf(row, results.state, result.samples)?.text ?? '';
  return tableLine([title, goal, ...cells, String(Math.max(...sizes))]);
};

/** Describes the machine in one line. */
export const describeMachineLine = ({ cpu, cores, memoryGb, kernel, iptables, node }: Machine): string =>
  `${cpu}, ${cores} cores, ${memoryGb} GB; Linux ${kernel}; ${iptables}; Node ${node}`;

/** Returns the table of a state, for people. */
export const markdownOf = (results: Results): string => {
  const { state, machine, rows, note } = results;
  const present = ROWS.flatMap((row) => {
    const result = rows[row.id];
    return result === undefined ? [] : [{ row, result }];
  });
  const agents = [...new Set(present.flatMap(({ result }) => Object.keys(result.samples)))];
  const loads = present.flatMap(({ result }) => [result.load.least, result.load.most]);
  const days = [...new Set(present.map(({ result }) => result.measuredAt.slice(0, 10)))];
  const size = SIZES[state];
  return [
    `# State ${state}`,
    '',
    `${size.localPods} pods on the node, ${size.pods} in the cluster, ${size.policies} policies, ${size.namespaces} namespaces.`,
    'Median (least–most) of the samples; the clock of a change starts just before the API request.',
    ...(note === undefined ? [] : ['', `**${note}**`]),
    '',
    tableLine(['', 'goal', ...agents, 'samples']),
    tableLine(['---', '---', ...agents.map(() => '---'), '---']),
    ...present.map(({ row, result }) => rowLine(row, result, agents, results)),
    '',
    `![samples](${state}.svg)`,
    '',
    `${describeMachineLine(machine)}.`,
    `Load average while measuring ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}, the measured work`,
    `included; ${days.join(', ')}.`,
    '',
  ].join('\n');
};
