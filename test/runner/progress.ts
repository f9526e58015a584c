import { appendFileSync } from 'node:fs';
import { ticksNow } from './processes.ts';

/**
 * The variable with the file that the events of a run are appended to, one JSON object per line; if absent, the run is
 * not followed.
 */
export const PROGRESS = 'PORTCULLIS_TEST_PROGRESS';

/** The events of a run as they happen, so that a run that is cut short is known too. */
export type TestEvent =
  | { readonly kind: 'file begins'; readonly file: string }
  | { readonly kind: 'test begins'; readonly file: string; readonly test: string }
  | { readonly kind: 'test ends'; readonly file: string; readonly test: string; readonly passed: boolean }
  /** The counts of a whole file, which replace those of its tests. */
  | {
      readonly kind: 'file ends';
      readonly file: string;
      readonly passed: number;
      readonly failed: number;
      readonly skipped: number;
    }
  /** Everything has run. */
  | { readonly kind: 'run ends' };

/** An event and its time, in hundredths of a second since the machine's start. */
export type TimedEvent = TestEvent & { readonly at: number };

/** Appends an event at once, so that it is known whatever happens next. Does nothing if the run is not followed. */
export const record = (event: TestEvent): void => {
  const file = process.env[PROGRESS];
  if (file === undefined) return;
  appendFileSync(file, `${JSON.stringify({ ...event, at: ticksNow() })}\n`);
};

/** Reads the lines that `record` wrote, without an incomplete last one. */
export const parseEvents = (text: string): readonly TimedEvent[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as TimedEvent);

/** Tests by their result. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What is running: a file, and the test of it that has begun and not ended. */
export interface Running {
  readonly file: string;
  readonly test?: string;
}

/** Returns what was running at the end of the events; undefined if every file that began has ended. */
export const runningAtEnd = (events: readonly TestEvent[]): Running | undefined => {
  let running: Running | undefined;
  for (const event of events) {
    switch (event.kind) {
      case 'file begins':
        running = { file: event.file };
        break;
      case 'test begins':
        running = { file: event.file, test: event.test };
        break;
      case 'test ends':
        running = { file: event.file };
        break;
      case 'file ends':
      case 'run ends':
        running = undefined;
    }
  }
  return running;
};

/** Describes what was running, for people. */
export const describeRunning = (running: Running | undefined): string => {
  if (running === undefined) return 'no test ran';
  return running.test === undefined
    ? `${running.file} ran, outside its tests`
    : `${running.file} › ${running.test} ran`;
};

/**
 * Returns what ran at a moment (hundredths of a second since the machine's start); of several tests within that
 * hundredth the last one.
 */
export const runningAt = (events: readonly TimedEvent[], moment: number): Running | undefined => {
  const begun = events.findLastIndex(({ kind, at }) => kind === 'test begins' && at <= moment);
  const end = events.slice(begun + 1).find(({ kind }) => kind !== 'file begins');
  const ranYet = begun >= 0 && (end === undefined || end.at >= moment);
  return runningAtEnd(ranYet ? events.slice(0, begun + 1) : events.filter(({ at }) => at <= moment));
};

/** Counts the known results of a run. A file that began and did not end counts its tests so far, and one failure. */
export const tallyOf = (events: readonly TestEvent[]): Tally => {
  const whole = { passed: 0, failed: 0, skipped: 0 };
  let part = { passed: 0, failed: 0 };
  for (const event of events) {
    if (event.kind === 'file begins') part = { passed: 0, failed: 0 };
    if (event.kind === 'test ends') part[event.passed ? 'passed' : 'failed'] += 1;
    if (event.kind === 'file ends') {
      part = { passed: 0, failed: 0 };
      whole.passed += event.passed;
      whole.failed += event.failed;
      whole.skipped += event.skipped;
    }
  }
  const cutShort = runningAtEnd(events) === undefined ? 0 : 1;
  return {
    passed: whole.passed + part.passed,
    failed: whole.failed + part.failed + cutShort,
    skipped: whole.skipped,
  };
};

/** Returns the files in which a test failed, if the run reached its end; otherwise none, since more may have failed. */
export const failedFiles = (events: readonly TestEvent[]): readonly string[] =>
  events.at(-1)?.kind === 'run ends'
    ? events.flatMap((event) => (event.kind === 'file ends' && event.failed > 0 ? [event.file] : []))
    : [];

/** Returns the events without those of the files. */
export const withoutFiles = (events: readonly TestEvent[], files: readonly string[]): readonly TestEvent[] =>
  events.filter((event) => event.kind === 'run ends' || !files.includes(event.file));
