import { readFile } from 'node:fs/promises';
import {
  failedFiles,
  parseEvents,
  type Tally,
  tallyOf,
  type TimedEvent,
  withoutFiles,
} from '../../test/runner/progress.ts';

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0 };
export const ONE_PASSED: Tally = { ...NOTHING, passed: 1 };
export const ONE_FAILED: Tally = { ...NOTHING, failed: 1 };

export const sum = (tallies: readonly Tally[]): Tally =>
  tallies.reduce(
    (left, right) => ({
      passed: left.passed + right.passed,
      failed: left.failed + right.failed,
      skipped: left.skipped + right.skipped,
    }),
    NOTHING,
  );

/** Returns the last line of `npm test`. */
export const tallyLine = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;

/** Returns the events that a run of jest recorded so far. */
export const readEvents = async (file: string): Promise<readonly TimedEvent[]> =>
  parseEvents(await readFile(file, 'utf8').catch(() => ''));

/**
 * Counts the results that a run of jest recorded, complete or not. A run that did not end well without a failed test
 * counts as one failure.
 * @param ended whether it ended with exit code 0
 */
export const readTally = async (file: string, ended: boolean): Promise<Tally> => {
  const tally = tallyOf(await readEvents(file));
  return !ended && tally.failed === 0 ? sum([tally, ONE_FAILED]) : tally;
};

/** Returns the files in which a test failed, see failedFiles. */
export const readFailedFiles = async (file: string): Promise<readonly string[]> => failedFiles(await readEvents(file));

/** Counts the results of all other files of a run that reached its end. */
export const readTallyWithout = async (file: string, files: readonly string[]): Promise<Tally> =>
  tallyOf(withoutFiles(await readEvents(file), files));
