import { expect, test } from '@jest/globals';
import { growthPlot } from '../../bench/matrix/plot.ts';
import { matrixMarkdown, missedGoals } from '../../bench/matrix/report.ts';

const run = (processorSeconds: number, megabytes: number) => ({ seconds: 9, processorSeconds, megabytes });
const runs = {
  matrix: { 1000: [run(0.1, 100)], 10000: [run(9, 1_000), run(11, 1_030), run(12, 2_000)] },
  summary: { 100000: [run(100, 10_000)] },
};

test('the plot of matrix has a point for the median of time and of memory at each size', () => {
  const svg = growthPlot({ runs });
  const points = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)".*?<title>(.*?)<\/title>/g)].map(
    ([, x, y, title]) => [Number(x), Number(y), title],
  );
  expect(points).toEqual([
    [60, 390, 'matrix, 1000 pods: 0.10'],
    [260, 158.6, 'matrix, 10000 pods: 11.00'],
    [460, 50, 'matrix --summary, 100000 pods: 100.00'],
    [530, 390, 'matrix, 1000 pods: 100.00'],
    [730, 217.8, 'matrix, 10000 pods: 1030.00'],
    [930, 50, 'matrix --summary, 100000 pods: 10000.00'],
  ]);
  expect(svg).not.toContain('>check<');
});

test('the bench of matrix says which goals the medians miss', () => {
  expect(missedGoals({ runs })).toEqual([
    'matrix, 10000 pods: 11.0 s, more than 10 s',
    'matrix, 10000 pods: 1030 MB, more than 1024 MB',
    'matrix --summary, 100000 pods: 100.0 s, more than 60 s',
  ]);
});

test('the table of the bench of matrix has a cell for each size that was measured', () => {
  const machine = { cpu: 'a CPU', cores: 2, memoryGb: 4, kernel: 'k', iptables: 'i', node: 'n' };
  const text = matrixMarkdown({ machine, date: '2026-01-01', load: [1, 2], runs });
  expect(text).toContain('| **0.1** (9.0) s, 100 MB | **11.0** (9.0) s, 1030 MB | – |');
});
