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

/** libcni's result cache: what the runtime noted of the pods' sandboxes. */
export interface CniResults {
  /** Begins to follow. `onChange` is called for each pod of which something else is noted now, after it is. */
  start(onChange: (podUid: string) => void): void;
  /** The first look at the folder is over, whatever it found. */
  hasLooked(): boolean;
  /** What was noted of the pod's sandboxes since the node booted, in any order. */
  sandboxesOf(podUid: string): readonly Sandbox[];
  /** The pods of which something was noted. */
  podUids(): Iterable<string>;
  /** How each pod is attached. */
  links(): readonly PodLink[];
  status(): CniResultsStatus;
  stop(): Promise<void>;
}

export interface CniResultsStatus {
  readonly folder: string;
  /** Changes of the folder are told by the kernel; else it is looked at every second. */
  readonly watched: boolean;
  /** Pods whose addresses are known from it. */
  readonly pods: number;
}

export interface CniResultsDeps {
  readonly folder: string;
  readonly clock: Clock;
  /** When the node booted, ms since the epoch: no sandbox is older, whatever files are. */
  readonly bootedAt: number;
  /** Told of a file that cannot be read, once for each, and of a folder that cannot be watched. */
  readonly onTrouble: (what: string, trouble: string) => void;
}

/** inotify queues overflow without a word (IN_Q_OVERFLOW is not passed on): so often the folder is looked at whole, ms. */
const RESCAN_MS = 10_000;
/** The same while nobody tells of changes: the folder is not there yet, or no inotify watch is left. */
const UNWATCHED_RESCAN_MS = 1000;
/** A file that cannot be read for so long is not just being written, ms. */
const SETTLING_MS = 1000;
/** Files read at once. */
const BATCH = 16;
/** A node holds some hundred pods; what is beyond this is not looked at. */
const MAX_FILES = 10_000;

/** A file that cannot be read. */
interface Failure {
  readonly trouble: string;
  /** Clock.now(), ms */
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

  /** The folder may have been made anew, and then the old watch tells nothing. */
  const ensureWatch = (inode: number): void => {
    if (watched?.inode === inode) return;
    unwatch();
    try {
      const watcher = watch(folder, (_event, file) => {
        if (file !== null && isForPods(file)) touched.add(file);
        else if (file === null || file === path.basename(folder)) {
          // The folder itself went. One that is made in its place may have the same inode.
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

  /** Finds the files that came, changed or went. */
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
      // Not there (yet): a node whose runtime keeps its results elsewhere has no such folder at all.
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
      // What came between the last look and this.
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
