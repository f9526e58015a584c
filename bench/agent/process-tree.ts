import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second in /proc (USER_HZ, the same on all Linux architectures that we support). */
const TICKS_PER_SECOND = 100;

export interface Usage {
  /** User and system time of the processes and of all their ended children. */
  readonly cpuSeconds: number;
  /** Largest resident memory that the first process ever had (VmHWM). */
  readonly peakMb: number;
  /** The sum of the same over the children that run now. */
  readonly childrenPeakMb: number;
  /** Resident memory of the first process now. */
  readonly residentMb: number;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** Returns the fields of proc_pid_stat(5) after the name, which may contain blanks; the first is the state. */
const statFields = (pid: number): readonly string[] => {
  const text = read(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

const parentOf = (pid: number): number => Number(statFields(pid)[1]);

const ticksOf = (pid: number): number =>
  statFields(pid)
    .slice(11, 15)
    .reduce((sum, field) => sum + Number(field), 0);

const megabytes = (pid: number, field: 'VmHWM' | 'VmRSS'): number => {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(read(`/proc/${pid}/status`));
  return Number(found?.[1] ?? 0) / 1024;
};

const descendantsOf = (pid: number): readonly number[] => {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(Number(name))] as const);
  const below = (of: number): readonly number[] =>
    parents.filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Returns what a process and its children have used so far. */
export const usageOf = (pid: number): Usage => {
  const children = descendantsOf(pid);
  return {
    cpuSeconds: sum([pid, ...children].map(ticksOf)) / TICKS_PER_SECOND,
    peakMb: megabytes(pid, 'VmHWM'),
    childrenPeakMb: sum(children.map((child) => megabytes(child, 'VmHWM'))),
    residentMb: megabytes(pid, 'VmRSS'),
  };
};
