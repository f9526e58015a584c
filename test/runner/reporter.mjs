import path from 'node:path';
import { record } from './progress.ts';

const ROOT = path.join(import.meta.dirname, '../..');

/** Records the counts of each file of tests, and the end of the run. */
export default class ProgressReporter {
  onTestResult(test, { numPassingTests, numFailingTests, numPendingTests, numTodoTests, testExecError }) {
    record({
      kind: 'file ends',
      file: path.relative(ROOT, test.path),
      passed: numPassingTests,
      // A file that failed outside of its tests counts as one more failure.
      failed: numFailingTests + (testExecError === undefined || testExecError === null ? 0 : 1),
      skipped: numPendingTests + numTodoTests,
    });
  }

  onRunComplete() {
    record({ kind: 'run ends' });
  }

  getLastError() {
    return undefined;
  }
}
