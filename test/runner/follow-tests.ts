import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describeLeftBehind, isNothing } from './describe-left-behind.ts';
import { endLeftBehind, type Mark, markNow, namesSince } from './left-behind.ts';
import { parseEvents, PROGRESS, record } from './progress.ts';

/** The parts of a jest-circus block that are read. */
interface Block {
  readonly name: string;
  readonly parent?: Block;
}

/** The parts of a jest-circus test that are read. */
interface Test extends Block {
  readonly errors: readonly unknown[];
}

/** The parts of jest-circus' events that are read. */
interface CircusEvent {
  readonly name: string;
  readonly test?: Test;
}

/** The parts of jest-circus' state that are changed. */
interface CircusState {
  /** Each error makes the file fail. */
  readonly unhandledErrors: unknown[];
}

/** Follows the tests of one file. */
export interface TestFollower {
  begin(): void;
  onEvent(event: CircusEvent, state: CircusState): Promise<void>;
  /** Ends what is left of a file that did not end by itself. */
  end(): Promise<void>;
}

const ROOT = path.join(import.meta.dirname, '../..');
const ROOT_BLOCK = 'ROOT_DESCRIBE_BLOCK';

/** Maximum time of something that ends by itself, even on a busy machine. */
const GRACE_MS = 5_000;
/** The same after a failure, where leftovers are likely. */
const GRACE_AFTER_FAILURE_MS = 500;

const titleOf = ({ name, parent }: Block): string =>
  parent === undefined || parent.name === ROOT_BLOCK ? name : `${titleOf(parent)} ${name}`;

/** An error that is shown only by its message: its stack is irrelevant. */
const errorOf = (message: string): Error => Object.assign(new Error(message), { stack: message });

const NOBODY_FOLLOWS: TestFollower = {
  begin: () => undefined,
  onEvent: () => Promise.resolve(),
  end: () => Promise.resolve(),
};

/**
 * Records the events of a file of tests, and ends what its tests leave behind: processes, network namespaces, temporary
 * folders. After a failed test that is expected, and is done at once. Leftovers at the end of a file without a failed
 * test are a defect, and the file fails.
 */
export const followTests = (testPath: string): TestFollower => {
  const progress = process.env[PROGRESS];
  if (progress === undefined) return NOBODY_FOLLOWS;
  const file = path.relative(ROOT, testPath);
  const madeBy = new Map<string, string>();
  let ofFile: Mark | undefined;
  let ofTest: Mark | undefined;
  let failures = 0;

  /** @returns what was ended; undefined if there was nothing */
  const settle = async (mark: Mark, graceMs: number): Promise<string | undefined> => {
    const left = await endLeftBehind(mark, graceMs);
    if (isNothing(left)) return undefined;
    return describeLeftBehind(file, left, parseEvents(readFileSync(progress, 'utf8')), madeBy);
  };

  const onTestEnd = async (test: Test): Promise<void> => {
    const passed = test.errors.length === 0;
    record({ kind: 'test ends', file, test: titleOf(test), passed });
    if (ofTest === undefined) return;
    for (const name of namesSince(ofTest)) madeBy.set(name, titleOf(test));
    if (passed) return;
    failures += 1;
    const told = await settle(ofTest, GRACE_AFTER_FAILURE_MS);
    if (told !== undefined) console.error(told);
  };

  return {
    begin() {
      ofFile = markNow();
      record({ kind: 'file begins', file });
    },
    async onEvent({ name, test }, { unhandledErrors }) {
      if (name === 'test_start' && test !== undefined) {
        ofTest = markNow();
        record({ kind: 'test begins', file, test: titleOf(test) });
      }
      if (name === 'test_done' && test !== undefined) await onTestEnd(test);
      if (name === 'run_finish' && ofFile !== undefined) {
        const mark = ofFile;
        ofFile = undefined;
        const told = await settle(mark, GRACE_MS);
        if (told === undefined) return;
        if (failures === 0 && unhandledErrors.length === 0) unhandledErrors.push(errorOf(told));
        else console.error(told);
      }
    },
    async end() {
      if (ofFile !== undefined) await endLeftBehind(ofFile, GRACE_AFTER_FAILURE_MS);
      ofFile = undefined;
    },
  };
};
