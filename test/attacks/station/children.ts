import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';

/** A program that exchanges lines on its standard input and output. */
export interface Talker {
  readonly pid: number;
  /** Settles when the program has ended, for whatever reason. */
  readonly ended: Promise<unknown>;
  write(text: string): void;
  /** Closes its standard input, waits for its end, and kills it if it doesn't end. */
  close(): Promise<void>;
}

/** Maximum time of the program's end before it is killed. */
const GRACE_MS = 3_000;

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/**
 * Starts a program that exchanges lines. The only place where the attack suite starts a process that is not an agent.
 * @throws if it cannot be started
 */
export const startTalker = async (
  file: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<Talker> => {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child, 'spawn');
  // A program that has ended closes the pipe before its exit is reported.
  const input: Writable = child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', onLine);
  return {
    pid: child.pid ?? 0,
    ended,
    write: (text) => {
      input.write(text);
    },
    async close() {
      if (hasEnded(child)) return;
      input.end();
      const impatience = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await ended;
      clearTimeout(impatience);
    },
  };
};
