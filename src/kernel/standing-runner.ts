import type { Clock } from '../model/clock.ts';
import { type CommandRunner, TIMEOUT_MS } from './command.ts';
import type { StartCompanion } from './companion.ts';
import { createStandingProgram, type LineProgram } from './standing-program.ts';

/** A runner that keeps the programs of the most frequent changes running, so that a change starts no program. */
export interface StandingRunner extends CommandRunner {
  /** Ends them; later texts get a process of their own. */
  stop(): void;
}

/** In characters. A longer text is worth a start, and a program that has read one keeps its memory. */
const LONGEST_TEXT = 32_768;

export interface StandingRunnerDeps {
  /** Runs everything else, and texts that no standing program takes. */
  readonly runner: CommandRunner;
  readonly start: StartCompanion;
  readonly clock: Pick<Clock, 'now'>;
  /** The programs start once this has settled, or when they can be used; at once if absent. */
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
  // While there is nothing to do yet.
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
      // Programs that are worth keeping have no output of their own.
      return '';
    },
    stop() {
      stopped = true;
      for (const { run } of standing) run.stop();
    },
  };
};
