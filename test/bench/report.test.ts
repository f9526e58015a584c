import { describe, expect, test } from '@jest/globals';
import { BEFORE, compareResults, comparisonTable, medianInterval } from '../../bench/report/compare.ts';
import { markdownOf } from '../../bench/report/markdown.ts';
import { plotOf } from '../../bench/report/plot.ts';
import type { Results } from '../../bench/report/results.ts';
import { median, quantile } from '../../bench/report/statistics.ts';

const MEASURED = { measuredAt: '2026-01-02T03:04:05.000Z', load: { least: 0.5, most: 1.25 } };

const RESULTS: Results = {
  state: 'M',
  note: 'preliminary',
  machine: { cpu: 'CPU', cores: 2, memoryGb: 24, kernel: '6.1 x64', iptables: 'iptables v1', node: 'v24' },
  rows: {
    rules: { ...MEASURED, samples: { ours: [12], 'a<b': [34] } },
    created: { ...MEASURED, samples: { ours: [3, 1, 2, 10] } },
    connections: { ...MEASURED, samples: { ours: [18_000], 'conntrack alone': [20_000, 19_000, 21_000] } },
    throughput: { ...MEASURED, samples: { ours: [14] } },
  },
};

describe('statistics', () => {
  test('the median of an even number of samples is between the two middle ones', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([5, 1, 3])).toBe(3);
    expect(median([7])).toBe(7);
  });

  test('quantiles are samples by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile(hundred, 1)).toBe(100);
    expect(quantile(hundred, 0)).toBe(1);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('results table', () => {
  const lines = markdownOf(RESULTS).split('\n');

  test('the table has its rows in a fixed order, with goals, and a dash if an agent has no samples', () => {
    expect(lines.filter((line) => line.startsWith('|'))).toEqual([
      '|  | goal | ours | a<b | conntrack alone | samples |',
      '| --- | --- | --- | --- | --- | --- |',
      '| policy created → denied, ms | ≤ 25, p99 ≤ 80 | **2.5** (1.0–10.0) | – | – | 4 |',
      '| rules | ≤ 3411 | **12** | **34** | – | 1 |',
      '| new TCP connections a second through the rules | ≥ 97 % of conntrack alone (19400) | **18000** | – | **20000** (19000–21000) | 3 |',
      '| throughput of one connection, Gbit/s | ≥ 97 % of conntrack alone | **14.0** | – | – | 1 |',
    ]);
  });

  test('the table shows the load of the machine', () => {
    expect(lines).toContain('**preliminary**');
    expect(lines.join('\n')).toContain('Load average while measuring 0.5 to 1.3');
  });
});

test('the plot has a dot for each sample, and is well-formed even if names are not', () => {
  const svg = plotOf(RESULTS);
  expect(svg.match(/<circle /g)).toHaveLength(11);
  expect(svg).toContain('>a&lt;b<');
});

describe('comparison with another agent', () => {
  const repeated = (values: readonly number[]): readonly number[] => Array.from({ length: 8 }, () => values).flat();
  const compare = (rows: Results['rows']) => compareResults({ ...RESULTS, rows }, 'ours', 0.05);
  const verdicts = (rows: Results['rows']) =>
    compare(rows).map(({ row, with: other, isWorse }) => [row.id, other, isWorse] as const);

  test('a row is worse only if the whole interval is beyond the bound', () => {
    const before = repeated([10, 11, 12]);
    const scaled = (by: number) => ({
      ...MEASURED,
      samples: { ours: before.map((value) => value * by), [BEFORE]: before },
    });
    expect(verdicts({ created: scaled(1.04), widened: scaled(1.06), narrowed: scaled(0.5) })).toEqual([
      ['created', BEFORE, false],
      ['widened', BEFORE, true],
      ['narrowed', BEFORE, false],
    ]);
    const noisy = { ours: repeated([5, 10, 24]), [BEFORE]: repeated([11, 9, 20]) };
    expect(verdicts({ created: { ...MEASURED, samples: noisy } })).toEqual([['created', BEFORE, false]]);
  });

  test('a rate is worse if it is less, and is also compared with its share of a bare path', () => {
    const samples = {
      ours: [90, 91, 92, 90, 91, 90],
      [BEFORE]: [100, 101, 100, 102, 100, 101],
      'conntrack alone': [92, 93, 92, 91, 92, 91],
    };
    expect(verdicts({ connections: { ...MEASURED, samples } })).toEqual([
      ['connections', BEFORE, true],
      ['connections', 'conntrack alone', false],
    ]);
  });

  test('zeros equal zeros, and any other value is more than zero', () => {
    const zeros = [0, 0, 0, 0, 0, 0];
    expect(verdicts({ 'local-forbidden': { ...MEASURED, samples: { ours: zeros, [BEFORE]: zeros } } })).toEqual([
      ['local-forbidden', BEFORE, false],
    ]);
    expect(
      verdicts({ 'local-forbidden': { ...MEASURED, samples: { ours: [1, 2, 1, 1, 2, 1], [BEFORE]: zeros } } }),
    ).toEqual([['local-forbidden', BEFORE, true]]);
  });

  test('the interval is the same in each run and contains the median', () => {
    const values = [1, 5, 2, 8, 3, 9, 4];
    const interval = medianInterval(values);
    expect(medianInterval(values)).toEqual(interval);
    expect(interval[0]).toBeLessThanOrEqual(median(values));
    expect(interval[1]).toBeGreaterThanOrEqual(median(values));
  });

  test('the comparison table shows the bound and the number of pairs', () => {
    const samples = { ours: [2, 2, 2, 2, 2, 2], [BEFORE]: [1, 1, 1, 1, 1, 1, 1] };
    expect(comparisonTable(compare({ created: { ...MEASURED, samples } }))).toContain(
      '| policy created → denied | before | 2.000 | 2.000–2.000 | ≤ 1.05 | **worse** | 6 |',
    );
    const few = { ours: [2, 2, 2, 2, 2], [BEFORE]: [1, 1, 1, 1, 1] };
    expect(comparisonTable(compare({ created: { ...MEASURED, samples: few } }))).toContain('| holds | 5 |');
    expect(comparisonTable([])).toBe('');
  });
});
