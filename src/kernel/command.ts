import { execa, ExecaError } from 'execa';

/** Output of one command is refused past this: a table of 100,000 rules prints about 15 MB. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

export interface CommandOptions {
  /** Text for standard input. */
  readonly input?: string;
  /** It changes nothing, so that it may be run once more where it is not known how it ended. */
  readonly isQuestion?: boolean;
  /** Gives up (SIGKILL) after so many ms; 30,000 if absent. Whatever happens, the end is told a second later at most. */
  readonly timeoutMs?: number;
  /**
   * Takes standard output piece by piece as it comes, as large as it may be; `run` then returns none of it. Made anew where
   * the program has to be run again. What it makes must not throw.
   */
  readonly sink?: () => (piece: string) => void;
}

export const TIMEOUT_MS = 30_000;
/**
 * So long after its timeout (ms) a command is given up for good: SIGKILL does not end a process that hangs inside the
 * kernel, nor does it end the output where a process that it had started holds on to it.
 */
export const GRACE_MS = 1_000;

/** The one way to run programs: argument arrays, no shell, LC_ALL=C, input on stdin. */
export interface CommandRunner {
  /** Runs to the end and returns standard output. @throws CommandError on any other end than exit 0. */
  run(file: string, args: readonly string[], options?: CommandOptions): Promise<string>;
}

/** A command that failed: `message` is one line for people, `stderr` the whole. */
export class CommandError extends Error {
  readonly exitCode: number | undefined;
  readonly stderr: string;
  /** It was ended, since it took too long. */
  readonly timedOut: boolean;
  /** What it printed before it failed, where that was kept. */
  stdout = '';

  constructor(command: string, reason: string, exitCode: number | undefined, stderr: string, timedOut = false) {
    super(`${command}: ${reason}`);
    this.timedOut = timedOut;
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

/** The end of a program. */
export interface Ending {
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

/** The failure of a program that ended like that. */
export const commandFailure = (command: string, ending: Ending, stderr: string): CommandError =>
  new CommandError(command, reasonOf(ending, stderr), ending.exitCode, stderr, ending.timedOut);

/** The failure of a program that SIGKILL did not end either. */
export const endlessCommand = (command: string): CommandError =>
  new CommandError(command, 'timed out and could not be killed', undefined, '', true);

class DeadlineError extends Error {}

/** Rejects once the time is over. */
const deadline = (ms: number): { readonly passed: Promise<never>; readonly cancel: () => void } => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new DeadlineError());
  }, ms);
  return {
    passed: promise,
    cancel: () => {
      clearTimeout(timer);
    },
  };
};

/**
 * @param prefix put before every command, e.g. `['nsenter', '--net=/run/netns/node1', '--']` to work in that namespace.
 */
export const createCommandRunner = (prefix: readonly string[] = []): CommandRunner => ({
  async run(file, args, { sink, ...options } = {}) {
    const [command = file, ...rest] = [...prefix, file, ...args];
    const timeout = options.timeoutMs ?? TIMEOUT_MS;
    const child = execa(command, rest, {
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      env: { LC_ALL: 'C' },
      timeout,
      killSignal: 'SIGKILL',
      ...(sink === undefined ? { maxBuffer: MAX_OUTPUT_BYTES } : { buffer: { stdout: false } }),
      stripFinalNewline: false,
    });
    if (sink !== undefined) child.stdout.setEncoding('utf8').on('data', sink());
    const { passed, cancel } = deadline(timeout + GRACE_MS);
    const line = [file, ...args].join(' ');
    try {
      return (await Promise.race([child, passed])).stdout ?? '';
    } catch (error) {
      if (error instanceof DeadlineError) {
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
        throw endlessCommand(line);
      }
      if (!(error instanceof ExecaError)) throw error;
      const stderr = typeof error.stderr === 'string' ? error.stderr : '';
      const failure = commandFailure(line, error, stderr);
      if (typeof error.stdout === 'string') failure.stdout = error.stdout;
      throw failure;
    } finally {
      cancel();
    }
  },
});
