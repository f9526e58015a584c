import { readdirSync, readFileSync } from 'node:fs';

/** A process of this process namespace. Number and start together identify it: numbers are reused. */
export interface ProcessEntry {
  readonly pid: number;
  /** Hundredths of a second since the machine's start (proc_pid_stat(5), starttime). */
  readonly startedAt: number;
  /** The command line for people, up to 400 characters. */
  readonly command: string;
}

/** proc_pid_stat(5) counts from the state, which follows the name in brackets. */
const STATE = 0;
const START = 19;

/** States of a process that has ended and was not reaped yet. */
const ENDED = new Set(['Z', 'X']);

const COMMAND_LENGTH = 400;

/** Returns the current time on the clock of `startedAt`. */
export const ticksNow = (): number => Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 100);

const readEntry = (pid: number): ProcessEntry | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (ENDED.has(fields[STATE] ?? '')) return undefined;
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    const name = text.slice(text.indexOf('('), text.lastIndexOf(')') + 1);
    return { pid, startedAt: Number(fields[START]), command: (words || name).slice(0, COMMAND_LENGTH) };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
};

/** Returns the running processes of this process namespace, without this one, its first one and the threads of the kernel. */
export const runningProcesses = (): readonly ProcessEntry[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid)
    .flatMap((pid) => readEntry(pid) ?? []);

const isRunning = ({ pid, startedAt }: ProcessEntry): boolean => readEntry(pid)?.startedAt === startedAt;

/** Returns those that still run. */
export const stillRunning = (entries: readonly ProcessEntry[]): readonly ProcessEntry[] => entries.filter(isRunning);

/** Kills each of them at once, by number, if it is still the same process. */
export const killProcesses = (entries: readonly ProcessEntry[]): void => {
  for (const entry of stillRunning(entries)) {
    try {
      process.kill(entry.pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
};
