import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { type RunningProcess, startProcess } from '../../../../src/lab/process.ts';
import { waitFor } from '../../../support/wait-for.ts';

const ENTRY = path.join(import.meta.dirname, '../../../../src/cli/main.ts');

/** Time to start two agents and some pods on a slow, shared machine. */
export const DEADLINE_MS = 60_000;

/** A `portcullis play` that runs in a sandbox of its own, started from source. */
export interface Play {
  readonly process: RunningProcess;
  /** Its output so far, standard output and error. */
  readonly text: () => string;
  /** Waits until its output from `since` on (a length of `text()`) matches. @returns all output so far */
  until(pattern: RegExp, since?: number): Promise<string>;
}

/** As outside `npm test`, which runs in a sandbox itself: play must make its own. */
const OUTSIDE = ['-u', 'PORTCULLIS_SANDBOX', '-u', 'NODE_OPTIONS'];

export const startPlay = async (...args: readonly string[]): Promise<Play> => {
  const lines: string[] = [];
  const process_ = await startProcess('env', [...OUTSIDE, process.execPath, ENTRY, 'play', ...args], {
    output: (line) => lines.push(line),
  });
  const text = (): string => lines.map((line) => `${line}\n`).join('');
  return {
    process: process_,
    text,
    until: (pattern, since = 0) =>
      waitFor(
        String(pattern),
        DEADLINE_MS,
        () => Promise.resolve(pattern.test(text().slice(since)) ? text() : undefined),
        text,
      ),
  };
};

/** Runs to the end. */
export const runPlay = async (
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly text: string }> => {
  const play = await startPlay(...args);
  const { code } = await play.process.ended;
  return { code, text: play.text() };
};

const processIds = (): readonly string[] => readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));

/** Returns undefined for a process that has ended meanwhile. */
const look = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const parentOf = (pid: string): string | undefined =>
  // proc_pid_stat(5): the name, which may contain anything, is in brackets.
  look(
    () =>
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
  );

/** Returns a process and all its descendants. */
const familyOf = (pid: string): readonly string[] => [
  pid,
  ...processIds()
    .filter((other) => parentOf(other) === pid)
    .flatMap(familyOf),
];

const networkOf = (pid: string): string | undefined => look(() => readlinkSync(`/proc/${pid}/ns/net`));

/** Returns network namespaces of a process and its descendants, without our own: `net:[4026531840]`. */
export const networksBelow = (pid: number): readonly string[] => {
  const networks = new Set(familyOf(String(pid)).map(networkOf));
  return [...networks].filter((network) => network !== undefined && network !== networkOf('self')).map(String);
};

/** Returns those of the namespaces that still have a process. */
export const stillInUse = (networks: readonly string[]): readonly string[] => {
  const used = new Set(processIds().map(networkOf));
  return networks.filter((network) => used.has(network));
};
