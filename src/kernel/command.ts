import { execa, ExecaError } from 'execa';

/** Maximum output of one command: a table of 100,000 rules prints about 15 MB. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

export interface CommandOptions {
  /** Text for standard input. */
  readonly input?: string;
  /** Whether it changes nothing, so that it may be repeated if its result is not known. */
  readonly isQuestion?: boolean;
  /**
   * Limit in ms after which the command gets SIGKILL; 30,000 if absent. The call returns at most a second later in any
   * case.
   */
  readonly timeoutMs?: number;
  /**
   * Takes standard output piece by piece, of any length; `run` then returns no output. Called again if the program is
   * repeated. The returned function must not throw.
   */
  readonly sink?: () => (piece: string) => void;
}

export const TIMEOUT_MS = 30_000;
/**
 * After this time beyond its limit a command is abandoned: SIGKILL does not end a process that hangs inside the kernel,
 * nor the output while a child process keeps it open.
 */
export const GRACE_MS = 1_000;

/** The only way to run programs: argument arrays, no shell, LC_ALL=C, input on stdin. */
export interface CommandRunner {
  /** Runs a program to its end and returns standard output. @throws CommandError for any end other than exit code 0 */
  run(file: string, args: readonly string[], options?: CommandOptions): Promise<string>;
}

/** A failed command: `message` is one line for people, `stderr` the whole output. */
export class CommandError extends Error {
  readonly exitCode: number | undefined;
  readonly stderr: string;
  /** Whether it was killed because it took too long. */
  readonly timedOut: boolean;
  /** Its output before it failed, if that was kept. */
  stdout = '';

  constructor(command: string, reason: string, exitCode: number | undefined, stderr: string, timedOut = false) {
    super(`${command}: ${reason}`);
    this.timedOut = timedOut;
    this.name = 'CommandError';
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/** Returns the last message. iptables prints the error, then the line number, then how to get help; ip(8) is similar. */
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
  /** Why it could not be started; absent if it was. */
  readonly originalMessage?: string | undefined;
  readonly signal?: string | undefined;
  readonly exitCode?: number | undefined;
}

/** Describes the failure in one line: its last message, or else how it ended. */
const reasonOf = ({ timedOut, originalMessage, signal, exitCode }: Ending, stderr: string): string => {
  if (timedOut) return 'timed out';
  const said = lastWords(stderr);
  if (said !== '') return said;
  return originalMessage ?? (signal === undefined ? `exit code ${String(exitCode)}` : `killed by ${signal}`);
};

/** Returns the error of a program that ended like this. */
export const commandFailure = (command: string, ending: Ending, stderr: string): CommandError =>
  new CommandError(command, reasonOf(ending, stderr), ending.exitCode, stderr, ending.timedOut);

/** Returns the error of a program that even SIGKILL did not end. */
export const endlessCommand = (command: string): CommandError =>
  new CommandError(command, 'timed out and could not be killed', undefined, '', true);

class DeadlineError extends Error {}

/** Rejects after the given time. */
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
 * @param prefix put before every command, such as `['nsenter', '--net=/run/netns/node1', '--']` to work in that namespace
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

/** The parts of a program that is followed while it runs. */
export interface FollowOptions {
  /** Takes standard output piece by piece. Must not throw. */
  readonly onText: (text: string) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Bytes of standard error that are kept for the error. */
const MOST_WORDS = 4096;

/**
 * Runs a program until it ends or the signal ends it. Its standard input stays open as long as this process lives, and it ends with this
 * process.
 *
 * @throws CommandError for any end other than exit code 0, unless the signal ended it
 */
export const followCommand = async (
  file: string,
  args: readonly string[],
  { onText, signal }: FollowOptions,
): Promise<void> => {
  const child = execa(file, args, {
    stdin: 'pipe',
    buffer: false,
    env: { LC_ALL: 'C' },
    cancelSignal: signal,
    forceKillAfterDelay: GRACE_MS,
  });
  let words = '';
  child.stdout.setEncoding('utf8').on('data', onText);
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-MOST_WORDS);
  });
  try {
    await child;
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ExecaError)) throw error;
    throw commandFailure([file, ...args].join(' '), error, words);
  }
};
