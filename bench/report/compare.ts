import { ROWS, type Row } from '../rows/row.ts';
import type { Results } from './results.ts';
import { median, quantile } from './statistics.ts';

/** The agent of another checkout, measured in turn with the present one. */
export const BEFORE = 'before';

/** The comparison of one row with its bound, over pairs of samples from the same round. */
export interface Comparison {
  readonly row: Row;
  /** The other side: `before`, or a path without an agent. */
  readonly with: string;
  readonly pairs: number;
  /** Median of the pairs' ratios (now / other). */
  readonly ratio: number;
  /** The 95 % interval of that median. */
  readonly interval: readonly [low: number, high: number];
  /** The bound of the ratio. */
  readonly bound: number;
  /** True if there are enough pairs and their whole interval is beyond the bound. */
  readonly isWorse: boolean;
}

const RESAMPLES = 2000;
/** With fewer pairs the interval is no 95 % interval: all six on one side have a probability of 3 %. */
const LEAST_PAIRS = 6;

/** Mulberry32: the same random numbers in each run, so that a table can be reproduced from its samples. */
const createDraw = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

/** Returns the 95 % interval of the median, by the percentile bootstrap. */
export const medianInterval = (values: readonly number[]): readonly [low: number, high: number] => {
  const draw = createDraw(values.length);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[draw(values.length)] ?? Number.NaN)),
  );
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
};

/** Returns the ratio; equal zeros are equal, and a value over zero is infinitely more. */
const ratioOf = (now: number, other: number): number =>
  other === 0 ? (now === 0 ? 1 : Number.POSITIVE_INFINITY) : now / other;

const compareRow = (
  row: Row,
  sides: { readonly now: readonly number[]; readonly other: readonly number[]; readonly with: string },
  bound: number,
): Comparison | undefined => {
  const pairs = Math.min(sides.now.length, sides.other.length);
  if (pairs === 0) return undefined;
  const ratios = sides.now.slice(0, pairs).map((now, at) => ratioOf(now, sides.other[at] ?? Number.NaN));
  const interval = medianInterval(ratios);
  const isBeyond = row.isMoreBetter === true ? interval[1] < bound : interval[0] > bound;
  const isWorse = isBeyond && pairs >= LEAST_PAIRS;
  return { row, with: sides.with, pairs, ratio: median(ratios), interval, bound, isWorse };
};

/**
 * Compares the agent `own` row by row with the agent `before`, and with the path that a row is a share of.
 *
 * @param tolerance share by which a row may be worse than before, such as 0.05
 */
export const compareResults = ({ rows }: Results, own: string, tolerance: number): readonly Comparison[] =>
  ROWS.flatMap((row) => {
    const samples = rows[row.id]?.samples ?? {};
    const now = samples[own] ?? [];
    const against = compareRow(
      row,
      { now, other: samples[BEFORE] ?? [], with: BEFORE },
      row.isMoreBetter === true ? 1 - tolerance : 1 + tolerance,
    );
    const bare =
      row.share === undefined
        ? undefined
        : compareRow(row, { now, other: samples[row.share.of] ?? [], with: row.share.of }, row.share.least);
    return [against, bare].filter((each) => each !== undefined);
  });

const lineOf = ({ row, with: other, pairs, ratio, interval, bound, isWorse }: Comparison): string => {
  const [low, high] = interval.map((value) => value.toFixed(3));
  const limit = `${row.isMoreBetter === true ? '≥' : '≤'} ${bound.toFixed(2)}`;
  const cells = [
    row.title,
    other,
    ratio.toFixed(3),
    `${low ?? ''}–${high ?? ''}`,
    limit,
    isWorse ? '**worse**' : 'holds',
  ];
  return `| ${[...cells, String(pairs)].join(' | ')} |`;
};

/** Returns a table of the comparisons; '' if there are none. */
export const comparisonTable = (comparisons: readonly Comparison[]): string =>
  comparisons.length === 0
    ? ''
    : [
        '## In turn with another',
        '',
        'Median of the ratios of pairs from the same round, with its 95 % interval. A row is worse where the whole interval lies',
        'beyond the bound.',
        '',
        '| | compared with | ratio | 95 % interval | bound | verdict | pairs |',
        '| --- | --- | --- | --- | --- | --- | --- |',
        ...comparisons.map(lineOf),
        '',
      ].join('\n');
