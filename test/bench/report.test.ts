import { describe, expect, test } from '@jest/globals';
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
  test('the median of an even number is between the two in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([5, 1, 3])).toBe(3);
    expect(median([7])).toBe(7);
  });

  test('quantiles are samples, by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile(hundred, 1)).toBe(100);
    expect(quantile(hundred, 0)).toBe(1);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('the table', () => {
  const lines = markdownOf(RESULTS).split('\n');

  test('has its rows in one order, with goals, and a dash where an agent has no samples', () => {
    expect(lines.filter((line) => line.startsWith('|'))).toEqual([
      '|  | goal | ours | a<b | conntrack alone | samples |',
      '| --- | --- | --- | --- | --- | --- |',
      '| policy created → denied, ms | ≤ 25, p99 ≤ 80 | **2.5** (1.0–10.0) | – | – | 4 |',
      '| rules | ≤ 3411 | **12** | **34** | – | 1 |',
      '| new TCP connections a second through the rules | ≥ 95 % of conntrack alone (19000) | **18000** | – | **20000** (19000–21000) | 3 |',
      '| throughput of one connection, Gbit/s | ≥ 95 % of conntrack alone | **14.0** | – | – | 1 |',
    ]);
  });

  test('says how the machine was loaded', () => {
    expect(lines).toContain('**preliminary**');
    expect(lines.join('\n')).toContain('Load average while measuring 0.5 to 1.3');
  });
});

test('the plot has a dot for each sample and is well-formed where names are not', () => {
  const svg = plotOf(RESULTS);
  expect(svg.match(/<circle /g)).toHaveLength(11);
  expect(svg).toContain('>a&lt;b<');
});
