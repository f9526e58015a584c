import { type ChildProcess, spawn } from 'node:child_process';
import type { Ending } from './command.ts';

/** A program that keeps running beside the agent, spoken to through its standard input and output. */
export interface Companion {
  write(text: string): void;
  /** Settles when it has ended, all that it said was told, or it could not be started; never rejects. */
  readonly ended: Promise<Ending>;
  /** Ends it, and what it has started, at once. It holds nothing that could be lost. */
  stop(): void;
}

/**
 * Starts a program; argument array, no shell. `onText` gets its standard output piece by piece, `onComplaint` its standard
 * error, which is thrown away where that is absent.
 */
export type StartCompanion = (
  file: string,
  args: readonly string[],
  onText: (text: string) => void,
  onComplaint?: (text: string) => void,
) => Companion;

/** setpriv(1): it dies with us, whatever our end. */
const MORTAL = ['setpriv', '--pdeathsig', 'KILL'];
/** stdbuf(1): it would keep its output in a buffer, as programs do that write into a pipe. */
const PROMPT = ['stdbuf', '--output=L'];

/** Most of what can go wrong is an event, but not all, such as that there is no memory. */
const spawnOrTell = (...args: Parameters<typeof spawn>): ChildProcess | Error => {
  try {
    return spawn(...args);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
};

/**
 * @param prefix put before every command, as for the CommandRunner
 * @param output `prompt`: line by line; `as it is`: as the program, and those that it starts, would do it; `bytes`: likewise,
 *   and each character of what is written and of what comes is one byte
 */
export const createCompanionStarter =
  (prefix: readonly string[] = [], output: 'prompt' | 'as it is' | 'bytes' = 'prompt'): StartCompanion =>
  (file, args, onText, onComplaint) => {
    const wrapped = output === 'prompt' ? [...MORTAL, ...PROMPT] : MORTAL;
    const [command, ...rest] = [...prefix, ...wrapped, file, ...args] as [string, ...string[]];
    const child = spawnOrTell(command, rest, {
      stdio: ['pipe', 'pipe', onComplaint === undefined ? 'ignore' : 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      // A process group of its own, that can be ended as a whole.
      detached: true,
    });
    if (child instanceof Error) {
      const ended = Promise.resolve({ timedOut: false, originalMessage: child.message });
      return { write: () => undefined, ended, stop: () => undefined };
    }
    // Heard from the first moment on: an error that nobody hears would end the agent.
    const ended = new Promise<Ending>((resolve) => {
      child.once('error', ({ message }) => {
        resolve({ timedOut: false, originalMessage: message });
      });
      child.once('close', (exitCode, signal) => {
        resolve({ timedOut: false, exitCode: exitCode ?? undefined, signal: signal ?? undefined });
      });
    });
    // Where there are no file descriptors left there are no pipes either.
    const { stdin, stdout, stderr } = child as Partial<Pick<ChildProcess, 'stdin' | 'stdout' | 'stderr'>>;
    const encoding = output === 'bytes' ? 'latin1' : 'utf8';
    stdout?.setEncoding(encoding).on('data', onText);
    stderr?.setEncoding('utf8').on('data', (text: string) => onComplaint?.(text));
    // It may end while something is being written to it; `ended` tells.
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
