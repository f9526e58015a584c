import { type FSWatcher, watch } from 'node:fs';
import { lstat, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../model/clock.ts';
import type { PodLink } from '../../model/pod-link.ts';
import type { Sandbox } from '../../model/sandbox.ts';
import { codeOf, messageOf } from '../error-text.ts';
import { parseCniResult, POD_INTERFACE } from './parse-result.ts';
import { readResultFile } from './read-result-file.ts';
import { createResultIndex, type FileVersion } from './result-index.ts';

/** libcni's result cache: what the runtime stored about the sandboxes of pods. */
export interface CniResults {
  /** Starts to follow. Calls `onChange` for each pod whose results have changed. */
  start(onChange: (podUid: string) => void): void;
  /** Reports whether the first scan of the folder has ended, whatever it found. */
  hasLooked(): boolean;
  /** Returns the pod's sandboxes that were stored since the node booted, in any order. */
  sandboxesOf(podUid: string): readonly Sandbox[];
  /** Returns the pods that have results. */
  podUids(): Iterable<string>;
  /** Returns how each pod is attached. */
  links(): readonly PodLink[];
  status(): CniResultsStatus;
  stop(): Promise<void>;
}

export interface CniResultsStatus {
  readonly folder: string;
  /** Whether the kernel reports changes of the folder; else it is scanned every second. */
  readonly watched: boolean;
  /** Pods whose addresses are known from it. */
  readonly pods: number;
}

export interface CniResultsDeps {
  readonly folder: string;
  readonly clock: Clock;
  /** When the node booted, in ms since the epoch. Files that are older belong to sandboxes that no longer exist. */
  readonly bootedAt: number;
  /** Called once for each file that cannot be read, and for a folder that cannot be watched. */
  readonly onTrouble: (what: string, trouble: string) => void;
}

/** The folder is scanned at this interval, because inotify queues overflow silently (Node does not pass on IN_Q_OVERFLOW). */
const RESCAN_MS = 10_000;
/** The same if the folder does not exist yet or no inotify watch is left. */
const UNWATCHED_RESCAN_MS = 1000;
/** A file that stays unreadable for longer than this is not just being written. */
const SETTLING_MS = 1000;
/** Files read at once. */
const BATCH = 16;
/** A node has a few hundred pods; further files are ignored. */
const MAX_FILES = 10_000;

/** A file that cannot be read. */
interface Failure {
  readonly trouble: string;
  /** Clock.now() of the first failure, in ms. */
  readonly since: number;
  readonly told: boolean;
}

/** libcni names a file NETWORK-CONTAINER-INTERFACE. */
const isForPods = (file: string): boolean => file.endsWith(`-${POD_INTERFACE}`);

const isSame = (one: FileVersion | undefined, other: FileVersion): boolean =>
  one?.mtimeMs === other.mtimeMs && one.size === other.size;

export const followCniResults = ({ folder, clock, bootedAt, onTrouble }: CniResultsDeps): CniResults => {
  const index = createResultIndex();
  const failing = new Map<string, Failure>();
  const touched = new Set<string>();
  let watched: { readonly watcher: FSWatcher; readonly inode: number } | undefined;
  let scanIsDue = true;
  let looked = false;
  let stopped = false;
  let tell: (podUid: string) => void = () => undefined;
  let cancelTimer = (): void => undefined;
  let working: Promise<void> | undefined;
  let unwatchedBecause: string | undefined;

  const fail = (file: string, trouble: string): void => {
    const known = failing.get(file);
    const since = known?.trouble === trouble ? known.since : clock.now();
    const isLasting = clock.now() - since >= SETTLING_MS;
    if (isLasting && known?.told === false) onTrouble(path.join(folder, file), trouble);
    failing.set(file, { trouble, since, told: isLasting });
  };

  const read = async (file: string): Promise<void> => {
    try {
      const { version, text } = await readResultFile(path.join(folder, file));
      if (isSame(index.versionOf(file), version)) return;
      const result = version.mtimeMs < bootedAt ? undefined : parseCniResult(text);
      failing.delete(file);
      index.put(file, version, result).forEach(tell);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') {
        fail(file, messageOf(error));
        return;
      }
      failing.delete(file);
      index.remove(file).forEach(tell);
    }
  };

  const unwatch = (): void => {
    watched?.watcher.close();
    watched = undefined;
  };

  /** Watches the folder again if it was replaced: the old watch would report nothing. */
  const ensureWatch = (inode: number): void => {
    if (watched?.inode === inode) return;
    unwatch();
    try {
      const watcher = watch(folder, (_event, file) => {
        if (file !== null && isForPods(file)) touched.add(file);
        else if (file === null || file === path.basename(folder)) {
          // The folder itself was deleted. A new one in its place may have the same inode.
          unwatch();
          scanIsDue = true;
        }
        work();
      });
      watcher.on('error', unwatch);
      watched = { watcher, inode };
      unwatchedBecause = undefined;
    } catch (error) {
      const trouble = messageOf(error);
      if (trouble !== unwatchedBecause) onTrouble(folder, trouble);
      unwatchedBecause = trouble;
    }
  };

  /** Finds the files that were added, changed or deleted. */
  const scan = async (): Promise<void> => {
    const known = [...index.files()];
    try {
      ensureWatch((await stat(folder)).ino);
      const files = (await readdir(folder)).filter(isForPods).slice(0, MAX_FILES);
      const there = new Set(files);
      for (const file of known) if (!there.has(file)) touched.add(file);
      for (const file of failing.keys()) if (!there.has(file)) failing.delete(file);
      for (const file of files) {
        const version = await lstat(path.join(folder, file)).catch(() => undefined);
        if (version !== undefined && !isSame(index.versionOf(file), version)) touched.add(file);
      }
    } catch {
      // The folder does not exist (yet): a runtime may keep its results elsewhere.
      unwatch();
      for (const file of known) touched.add(file);
    }
  };

  const run = async (): Promise<void> => {
    while (!stopped && (scanIsDue || touched.size > 0)) {
      const files = [...touched].slice(0, BATCH);
      for (const file of files) touched.delete(file);
      await Promise.all(files.map(read));
      if (touched.size === 0 && scanIsDue) {
        scanIsDue = false;
        await scan();
      }
    }
    looked = true;
  };

  const schedule = (): void => {
    cancelTimer();
    cancelTimer = clock.after(watched === undefined ? UNWATCHED_RESCAN_MS : RESCAN_MS, () => {
      scanIsDue = true;
      work();
    });
  };

  const work = (): void => {
    if (stopped || working !== undefined) return;
    working = run().finally(() => {
      working = undefined;
      if (!stopped) schedule();
      // Changes since the last scan.
      if (touched.size > 0) work();
    });
  };

  return {
    start(onChange) {
      tell = onChange;
      work();
    },
    hasLooked: () => looked,
    sandboxesOf: index.sandboxesOf,
    podUids: index.podUids,
    links: index.links,
    status: () => ({ folder, watched: watched !== undefined, pods: index.pods() }),
    async stop() {
      stopped = true;
      cancelTimer();
      unwatch();
      await working;
    },
  };
};
