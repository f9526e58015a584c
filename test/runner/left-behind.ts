import { readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { netnsPath } from '../../src/lab/batch.ts';
import { killProcesses, type ProcessEntry, runningProcesses, stillRunning, ticksNow } from './processes.ts';

/** Everything that exists at a moment. Processes are identified by their start, everything else by name. */
export interface Mark {
  readonly at: number;
  readonly namespaces: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
}

/** What was made since a mark and still exists. */
export interface LeftBehind {
  readonly processes: readonly ProcessEntry[];
  /** Names of network namespaces (ip-netns(8)). */
  readonly namespaces: readonly string[];
  /** Paths of temporary files and folders. */
  readonly folders: readonly string[];
}

/** SIGKILL ends a process inside the kernel only when it returns from there. */
const DEATH_MS = 5_000;
const POLL_MS = 20;

const NETNS_FOLDER = path.dirname(netnsPath('any'));
/** The second one is where API servers keep their data, in memory. */
const TEMPORARY = [tmpdir(), '/dev/shm'];
/** Files that are made by a test's program for later runs (node:module, enableCompileCache). */
const KEPT = /^(node-compile-cache|v8-compile-cache)/;

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

const temporaryFiles = (): readonly string[] =>
  TEMPORARY.flatMap((folder) =>
    namesIn(folder)
      .filter((name) => !KEPT.test(name))
      .map((name) => path.join(folder, name)),
  );

export const markNow = (): Mark => ({
  at: ticksNow(),
  namespaces: new Set(namesIn(NETNS_FOLDER)),
  folders: new Set(temporaryFiles()),
});

/** Returns the namespaces and temporary files that were made since the mark and still exist. */
export const namesSince = (mark: Mark): readonly string[] => {
  const now = markNow();
  return [...now.namespaces.difference(mark.namespaces), ...now.folders.difference(mark.folders)];
};

const since = (mark: Mark): LeftBehind => ({
  processes: runningProcesses().filter(({ startedAt }) => startedAt > mark.at),
  namespaces: namesIn(NETNS_FOLDER).filter((name) => !mark.namespaces.has(name)),
  folders: temporaryFiles().filter((file) => !mark.folders.has(file)),
});

const untilEnded = async (processes: readonly ProcessEntry[], ms: number): Promise<readonly ProcessEntry[]> => {
  const deadline = performance.now() + ms;
  let left = stillRunning(processes);
  while (left.length > 0 && performance.now() < deadline) {
    await delay(POLL_MS);
    left = stillRunning(left);
  }
  return left;
};

const ignoreFailure = (): undefined => undefined;

/** Removes a file or folder, even while it is still being written. Never throws: a later mark shows what stays. */
const removeFile = (file: string): Promise<void> =>
  rm(file, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(ignoreFailure);

/**
 * Ends and removes what was made since the mark and still exists. Never throws.
 * @param graceMs time for processes to end by themselves
 * @returns what still existed after that time
 */
export const endLeftBehind = async (mark: Mark, graceMs: number): Promise<LeftBehind> => {
  const processes = await untilEnded(since(mark).processes, graceMs);
  killProcesses(processes);
  await untilEnded(processes, DEATH_MS);
  const left = { ...since(mark), processes };
  const runner = createCommandRunner();
  for (const name of left.namespaces) await runner.run('ip', ['netns', 'delete', name]).catch(ignoreFailure);
  await Promise.all(left.folders.map(removeFile));
  return left;
};
