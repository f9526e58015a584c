import { type ChildProcess, spawn } from 'node:child_process';
import type { Ending } from './command.ts';

/** A program that runs beside the agent, with standard input and output connected to it. */
export interface Companion {
  write(text: string): void;
  /** Resolves when it has ended and all its output was delivered, or when it could not be started; never rejects. */
  readonly ended: Promise<Ending>;
  /** Kills it and its child processes at once. It has nothing that could be lost. */
  stop(): void;
}

/**
 * Starts a program with an argument array and no shell. `onText` gets its standard output piece by piece, `onComplaint` its
 * standard error, which is dropped if that is absent.
 */
export type StartCompanion = (
  file: string,
  args: readonly string[],
  onText: (text: string) => void,
  onComplaint?: (text: string) => void,
) => Companion;

/** setpriv(1): the program dies with us in any case. */
const MORTAL = ['setpriv', '--pdeathsig', 'KILL'];
/** stdbuf(1): without it, programs buffer output that goes into a pipe. */
const PROMPT = ['stdbuf', '--output=L'];

/** Spawns, and returns an error that spawn throws: most failures are events, but not all, such as a lack of memory. */
const spawnOrTell = (...args: Parameters<typeof spawn>): ChildProcess | Error => {
  try {
    return spawn(...args);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
};

/**
 * @param prefix put before every command, as for the CommandRunner
 * @param output `prompt`: line by line; `as it is`: as the program and its children write; `bytes`: likewise, with one
 * byte per   character in both directions
 */
export const createCompanionStarter =
  (prefix: readonly string[] = [], output: 'prompt' | 'as it is' | 'bytes' = 'prompt'): StartCompanion =>
  (file, args, onText, onComplaint) => {
    const wrapped = output === 'prompt' ? [...MORTAL, ...PROMPT] : MORTAL;
    const [command, ...rest] = [...prefix, ...wrapped, file, ...args] as [string, ...string[]];
    const child = spawnOrTell(command, rest, {
      stdio: ['pipe', 'pipe', onComplaint === undefined ? 'ignore' : 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      // A process group of its own, so that it can be killed as a whole.
      detached: true,
    });
    if (child instanceof Error) {
      const ended = Promise.resolve({ timedOut: false, originalMessage: child.message });
      return { write: () => undefined, ended, stop: () => undefined };
    }
    // Attached immediately: an unhandled 'error' event would crash the agent.
    const ended = new Promise<Ending>((resolve) => {
      child.once('error', ({ message }) => {
        resolve({ timedOut: false, originalMessage: message });
      });
      child.once('close', (exitCode, signal) => {
        resolve({ timedOut: false, exitCode: exitCode ?? undefined, signal: signal ?? undefined });
      });
    });
    // Without file descriptors there are no pipes either.
    const { stdin, stdout, stderr } = child as Partial<Pick<ChildProcess, 'stdin' | 'stdout' | 'stderr'>>;
    const encoding = output === 'bytes' ? 'latin1' : 'utf8';
    stdout?.setEncoding(encoding).on('data', onText);
    stderr?.setEncoding('utf8').on('data', (text: string) => onComplaint?.(text));
    // It may end during a write, which `ended` reports.
    stdin?.on('error', () => undefined);
    return {
      write: (text) => void stdin?.write(text, encoding),
      ended,
      stop() {
        if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
        try {
          process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It has just ended by itself.
        }
      },
    };
  };
