import { readFile } from 'node:fs/promises';

/** A process that cannot be confused with a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Its start in clock ticks since the machine's start (field 22 of proc(5) stat). */
  readonly startTime: string;
}

/** Returns the start time. Fields are counted after the command's name, which may contain blanks and parentheses. */
const startTimeOf = (stat: string): string => {
  const START_TIME = 22;
  const NAME = 2;
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME - NAME - 1] ?? '';
};

/** Returns undefined if there is no such process. */
export const identify = async (pid: number): Promise<ProcessIdentity | undefined> =>
  readFile(`/proc/${String(pid)}/stat`, 'utf8').then(
    (stat) => ({ pid, startTime: startTimeOf(stat) }),
    () => undefined,
  );

export const isAlive = async ({ pid, startTime }: ProcessIdentity): Promise<boolean> =>
  (await identify(pid))?.startTime === startTime;

/** Returns the first child of a process, from a mounted proc. @throws if it has none */
export const firstChild = async (pid: number, proc = '/proc'): Promise<number> => {
  const children = await readFile(`${proc}/${String(pid)}/task/${String(pid)}/children`, 'utf8');
  const child = Number(children.trim().split(' ')[0]);
  if (!(child > 0)) throw new Error(`process ${String(pid)} has no child`);
  return child;
};
