import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface StartOptions {
  /** Added to the current environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** `inherit` shares the terminal; a function gets each line of standard output and error; if absent, output is dropped. */
  readonly output?: 'inherit' | ((line: string) => void);
}

export interface ProcessEnd {
  /** The exit code, or 128 + the signal's number, as a shell reports it. */
  readonly code: number;
}

/** A process that runs beside ours. */
export interface RunningProcess {
  readonly pid: number;
  /** Resolves when the process has ended in any way; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  signal(name: NodeJS.Signals): void;
  /** Sends SIGTERM, and SIGKILL if the process has not ended after `graceMs`. */
  stop(graceMs?: number): Promise<ProcessEnd>;
}

/** Numbers of signals that end processes here (signal(7), the same on all Linux architectures). */
const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

const endOf = (child: ChildProcess): Promise<ProcessEnd> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ code: code ?? 128 + (signal === null ? 0 : (SIGNAL_NUMBERS[signal] ?? 0)) });
    });
  });

const spawned = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      if (child.pid !== undefined) resolve(child.pid);
    });
  });

/** Starts a program with an argument array and no shell. @throws if it cannot be started, such as ENOENT */
export const startProcess = async (
  file: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<RunningProcess> => {
  const { output } = options;
  const lines = typeof output === 'function' ? output : undefined;
  const stream = output === 'inherit' ? 'inherit' : lines === undefined ? 'ignore' : 'pipe';
  const child = spawn(file, args, {
    stdio: [output === 'inherit' ? 'inherit' : 'ignore', stream, stream],
    env: { ...process.env, ...options.env },
  });
  const ended = endOf(child);
  const pid = await spawned(child);
  if (lines !== undefined) {
    for (const from of [child.stdout, child.stderr]) {
      if (from !== null) createInterface({ input: from }).on('line', lines);
    }
  }
  return {
    pid,
    ended,
    signal: (name) => {
      child.kill(name);
    },
    async stop(graceMs = 5_000) {
      child.kill('SIGTERM');
      const impatience = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const end = await ended;
      clearTimeout(impatience);
      return end;
    },
  };
};
