import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** Output of one command is refused past this: a table of 100,000 rules prints about 15 MB. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

export interface CommandOptions {
  /** Text for standard input. */
  readonly input?: string;
  /** Gives up (SIGKILL) after so many ms; 30,000 if absent. Whatever happens, the end is told a second later at most. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
/**
 * So long after its timeout (ms) a command is given up for good: SIGKILL does not end a process that hangs inside the
 * kernel, nor does it end the output where a process that it had started holds on to it.
 */
const GRACE_MS = 1_000;

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

/** How a program ended. */
interface Ending {
  readonly stdout: string;
  readonly stderr: string;
  /** Why it could not be started, or why we ended it. */
  readonly trouble: string | undefined;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** In one line: what it said at the end, or else how it ended. */
const reasonOf = ({ trouble, stderr, signal, exitCode }: Ending): string => {
  if (trouble !== undefined) return trouble;
  const said = lastWords(stderr);
  if (said !== '') return said;
  return signal === null ? `exit code ${String(exitCode)}` : `killed by ${signal}`;
};

/** Gathers a stream's text. Past the limit nothing more is kept, and `onExcess` is told. */
const gather = (stream: Readable | null, onExcess: () => void): (() => string) => {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_OUTPUT_BYTES) chunks.push(chunk);
    else onExcess();
  });
  return () => Buffer.concat(chunks).toString('utf8');
};

const endOf = (child: ChildProcess, { input, timeoutMs = TIMEOUT_MS }: CommandOptions): Promise<Ending> =>
  new Promise((resolve) => {
    let trouble: string | undefined;
    let despair: NodeJS.Timeout | undefined;
    const giveUp = (why: string): void => {
      trouble ??= why;
      child.kill('SIGKILL');
      despair ??= setTimeout(() => {
        trouble = `${why}, and does not end`;
        for (const stream of child.stdio) stream?.destroy();
        settle(null, null);
      }, GRACE_MS);
    };
    const tooMuch = (): void => {
      giveUp(`more than ${String(MAX_OUTPUT_BYTES)} bytes of output`);
    };
    const stdout = gather(child.stdout, tooMuch);
    const stderr = gather(child.stderr, tooMuch);
    const impatience = setTimeout(() => {
      giveUp('timed out');
    }, timeoutMs);
    const settle = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(impatience);
      clearTimeout(despair);
      resolve({ stdout: stdout(), stderr: stderr(), trouble, exitCode, signal });
    };
    child.once('error', (error) => {
      trouble ??= error.message;
      // What was never started has no end to wait for.
      if (child.pid === undefined) settle(null, null);
    });
    child.once('close', settle);
    // A program that does not read all of its input says why by how it ends.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });

/**
 * @param prefix put before every command, e.g. `['nsenter', '--net=/run/netns/node1', '--']` to work in that namespace.
 */
export const createCommandRunner = (prefix: readonly string[] = []): CommandRunner => ({
  async run(file, args, options = {}) {
    const [command = file, ...rest] = [...prefix, file, ...args];
    const child = spawn(command, rest, {
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    const ending = await endOf(child, options);
    if (ending.trouble === undefined && ending.exitCode === 0) return ending.stdout;
    const said = [file, ...args].join(' ');
    throw new CommandError(said, reasonOf(ending), ending.exitCode ?? undefined, ending.stderr);
  },
});
