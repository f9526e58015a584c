import { describe, expect, test } from '@jest/globals';
import {
  describeRunning,
  failedFiles,
  parseEvents,
  runningAt,
  tallyOf,
  type TestEvent,
  type TimedEvent,
  withoutFiles,
} from './progress.ts';

const FILE = 'a.test.ts';
const begins: TestEvent = { kind: 'file begins', file: FILE };
const testBegins = (test: string): TestEvent => ({ kind: 'test begins', file: FILE, test });
const testEnds = (test: string, passed = true): TestEvent => ({ kind: 'test ends', file: FILE, test, passed });
const ends = (passed: number, failed: number, skipped = 0): TestEvent => ({
  kind: 'file ends',
  file: FILE,
  passed,
  failed,
  skipped,
});
const timed = (...events: readonly (readonly [at: number, event: TestEvent])[]): readonly TimedEvent[] =>
  events.map(([at, event]) => ({ ...event, at }));

describe('the record of a run', () => {
  test('the record counts files that ended by their results', () => {
    expect(tallyOf([begins, testBegins('x'), testEnds('x'), ends(1, 1, 3), { kind: 'run ends' }])).toEqual({
      passed: 1,
      failed: 1,
      skipped: 3,
    });
  });

  test.each([
    ['in a test', [testBegins('x'), testEnds('x'), testBegins('y')], { passed: 1, failed: 1, skipped: 0 }],
    ['between tests', [testBegins('x'), testEnds('x', false)], { passed: 0, failed: 2, skipped: 0 }],
    ['before its first test', [], { passed: 0, failed: 1, skipped: 0 }],
  ])('the record counts one more failure for a file that was cut short %s', (_, events, tally) => {
    expect(tallyOf([begins, ...events])).toEqual(tally);
  });

  test('the record is read up to its last complete line', () => {
    expect(parseEvents('{"kind":"run ends","at":1}\n{"kind":"run e')).toEqual([{ kind: 'run ends', at: 1 }]);
  });

  test('the record shows what ran at a moment; of several in one hundredth of a second, the last one', () => {
    const events = timed(
      [10, begins],
      [10, testBegins('x')],
      [10, testEnds('x')],
      [12, testBegins('y')],
      [20, testEnds('y')],
    );
    const at = (moment: number): string => describeRunning(runningAt(events, moment));
    expect(at(9)).toBe('no test ran');
    expect(at(10)).toBe('a.test.ts › x ran');
    expect(at(11)).toBe('a.test.ts ran, outside its tests');
    expect(at(20)).toBe('a.test.ts › y ran');
    expect(at(21)).toBe('a.test.ts ran, outside its tests');
  });

  test('the record names the files in which a test failed, only of a run that reached its end', () => {
    const other = { ...ends(4, 0), file: 'b.test.ts' };
    const events = [begins, ends(1, 1), { kind: 'file begins', file: 'b.test.ts' } as const, other];
    expect(failedFiles(events)).toEqual([]);
    expect(failedFiles([...events, { kind: 'run ends' }])).toEqual([FILE]);
    expect(tallyOf(withoutFiles([...events, { kind: 'run ends' }], [FILE]))).toEqual({
      passed: 4,
      failed: 0,
      skipped: 0,
    });
  });
});
