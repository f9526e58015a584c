import { execa, ExecaError } from 'execa';

/** Output of one command is refused past this: a table of 100,000 rules prints about 15 MB. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

export interface CommandOptions {
  /** Text for standard input. */
  readonly input?: string;
  /** Gives up (SIGKILL) after so many ms; 30,000 if absent. */
  readonly timeoutMs?: number;
}

/** The one way to run programs: argument arrays, no shell, LC_ALL=C, input on stdin. */
export interface CommandRunner {
  /** Runs to the end and returns standard output. @throws CommandError on any other end than exit 0. */
  run(file: string, args: readonly string[], options?: CommandOptions): Promise<string>;
}

/** A command that failed: `message` is one line for people, `stderr` the whole. */
export class CommandError extends Error {
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(command: string, reason: string, exitCode: number | undefined, stderr: string) {
    super(`${command}: ${reason}`);
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** iptables says what is wrong, then in which line, then how to get help; ip(8) is alike. */
const lastWords = (stderr: string): string =>
  stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('Try `'))
    .slice(-2)
    .join('; ');

/** What execa tells of the end of a program. */
interface Ending {
  readonly timedOut: boolean;
  /** Why it could not be started; absent where it could. */
  readonly originalMessage?: string | undefined;
  readonly signal?: string | undefined;
  readonly exitCode?: number | undefined;
}

/** In one line: what it said at the end, or else how it ended. */
const reasonOf = ({ timedOut, originalMessage, signal, exitCode }: Ending, stderr: string): string => {
  if (timedOut) return 'timed out';
  const said = lastWords(stderr);
  if (said !== '') return said;
  return originalMessage ?? (signal === undefined ? `exit code ${String(exitCode)}` : `killed by ${signal}`);
};

/**
 * @param prefix put before every command, e.g. `['nsenter', '--net=/run/netns/node1', '--']` to work in that namespace.
 */
export const createCommandRunner = (prefix: readonly string[] = []): CommandRunner => ({
  async run(file, args, options = {}) {
    const [command = file, ...rest] = [...prefix, file, ...args];
    try {
      const result = await execa(command, rest, {
        ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
        env: { LC_ALL: 'C' },
        timeout: options.timeoutMs ?? 30_000,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT_BYTES,
        stripFinalNewline: false,
      });
      return result.stdout;
    } catch (error) {
      if (!(error instanceof ExecaError)) throw error;
      const stderr = typeof error.stderr === 'string' ? error.stderr : '';
      throw new CommandError([file, ...args].join(' '), reasonOf(error, stderr), error.exitCode, stderr);
    }
  },
});
