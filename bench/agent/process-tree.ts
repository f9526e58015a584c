import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second as /proc counts them (USER_HZ, the same on all Linux architectures of ours). */
const TICKS_PER_SECOND = 100;

export interface Usage {
  /** User and system time of the processes and of all their children that ended, s. */
  readonly cpuSeconds: number;
  /** Most memory that the first process ever had resident (VmHWM), MB. */
  readonly peakMb: number;
  /** The same of the children that run now, summed up, MB. */
  readonly childrenPeakMb: number;
  /** Resident memory of the first process now, MB. */
  readonly residentMb: number;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** Fields of proc_pid_stat(5) after the name, which may hold blanks; the first is the state. */
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

/** What a process and those it started have used so far. */
export const usageOf = (pid: number): Usage => {
  const children = descendantsOf(pid);
  return {
    cpuSeconds: sum([pid, ...children].map(ticksOf)) / TICKS_PER_SECOND,
    peakMb: megabytes(pid, 'VmHWM'),
    childrenPeakMb: sum(children.map((child) => megabytes(child, 'VmHWM'))),
    residentMb: megabytes(pid, 'VmRSS'),
  };
};
