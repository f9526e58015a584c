import type { Command } from 'commander';

/**
 * The exit code of a command line: 0 for success, 1 for findings or a failure, 2 for a wrong command line. Scripts may
 * rely on them.
 */
export type ExitCode = 0 | 1 | 2;

/** The process as a verb uses it, so that tests can run verbs without a process. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes to standard output: results, and nothing else. */
  readonly out: (text: string) => void;
  /** Writes to standard error: progress, warnings, errors. */
  readonly err: (text: string) => void;
}

/** A verb of the command line, in a file of its own that is loaded only when the verb runs. */
export interface Verb {
  /** Adds arguments, options and help (with examples) to the empty command. */
  readonly declare: (command: Command) => void;
  /**
   * Does the work. `command.opts<T>()` and `command.args` have what was typed.
   * @throws UsageError if what was typed makes no sense; any other Error is printed and ends with exit code 1
   */
  readonly run: (command: Command, io: CliIo) => Promise<ExitCode>;
}

/** The command line is wrong in a way that the parser cannot detect. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
