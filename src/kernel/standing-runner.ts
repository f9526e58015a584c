import type { Clock } from '../model/clock.ts';
import { type CommandRunner, TIMEOUT_MS } from './command.ts';
import type { StartCompanion } from './companion.ts';
import { createStandingProgram, type LineProgram } from './standing-program.ts';

/** A runner that keeps the programs of the commonest changes running, so that a change costs no start of a program. */
export interface StandingRunner extends CommandRunner {
  /** Ends them; what runs from then on is started for itself. */
  stop(): void;
}

/** Longer texts (characters) are worth a start, and a program that has read one keeps the memory that it took. */
const LONGEST_TEXT = 32_768;

export interface StandingRunnerDeps {
  /** Runs everything else, and what a standing program is not there for. */
  readonly runner: CommandRunner;
  readonly start: StartCompanion;
  readonly clock: Pick<Clock, 'now'>;
  /** They start once this is settled, or when they could be of use; without it at once. */
  readonly after?: Promise<unknown>;
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each, at) => each === b[at]);

export const createStandingRunner = (
  programs: readonly LineProgram[],
  { runner, start, clock, after }: StandingRunnerDeps,
): StandingRunner => {
  const standing = programs.map((program) => ({
    program,
    run: createStandingProgram(program, start, () => clock.now()),
  }));
  let stopped = false;
  // While nothing is to be done yet.
  const begin = (): void => {
    if (!stopped) for (const { run } of standing) run.takes('');
  };
  if (after === undefined) begin();
  else void after.then(begin, begin);

  return {
    async run(file, args, options = {}) {
      const { input, timeoutMs = TIMEOUT_MS } = options;
      const found = standing.find(({ program }) => program.file === file && isSame(program.args, args));
      if (
        found === undefined ||
        stopped ||
        input === undefined ||
        input.length > LONGEST_TEXT ||
        !found.run.takes(input)
      ) {
        return runner.run(file, args, options);
      }
      await found.run.carryOut(input, timeoutMs);
      // Those that are worth keeping print nothing of their own.
      return '';
    },
    stop() {
      stopped = true;
      for (const { run } of standing) run.stop();
    },
  };
};
