import type { Command } from 'commander';

/**
 * What a run of the command line ends with: 0 all well, 1 findings or a failure, 2 the command line itself was wrong.
 * Scripts may rely on them.
 */
export type ExitCode = 0 | 1 | 2;

/** The process as a verb sees it, so that tests can run verbs without one. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes to standard output: results, and nothing else. */
  readonly out: (text: string) => void;
  /** Writes to standard error: progress, warnings, errors. */
  readonly err: (text: string) => void;
}

/** One verb of the command line, in a file of its own that is loaded only when that verb runs. */
export interface Verb {
  /** Adds arguments, options and help (with examples) to the empty command. */
  readonly declare: (command: Command) => void;
  /**
   * Does the work. `command.opts<T>()` and `command.args` hold what was typed.
   * @throws UsageError when what was typed makes no sense; any other Error is printed and ends with exit code 1.
   */
  readonly run: (command: Command, io: CliIo) => Promise<ExitCode>;
}

/** The command line is wrong in a way that the parser cannot know. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
