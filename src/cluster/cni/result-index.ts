import type { PodLink } from '../../model/pod-link.ts';
import type { Sandbox } from '../../model/sandbox.ts';
import type { CniResult } from './parse-result.ts';

/** What a file was when it was read: another of either means that it has to be read again. */
export interface FileVersion {
  /** ms since the epoch */
  readonly mtimeMs: number;
  readonly size: number;
}

interface Entry extends FileVersion {
  /** Undefined for a file that is about no pod, or cannot be read. */
  readonly result: CniResult | undefined;
  /** The same object as long as the file says the same. */
  readonly sandbox: Sandbox | undefined;
}

/** The files of a result cache, and what they tell of each pod. */
export interface ResultIndex {
  /** @returns the pods of which something else is told now */
  put(file: string, version: FileVersion, result: CniResult | undefined): readonly string[];
  /** @returns the pods of which something else is told now */
  remove(file: string): readonly string[];
  versionOf(file: string): FileVersion | undefined;
  files(): Iterable<string>;
  /** What each file about a pod says; a crash of the runtime may have left older ones. */
  sandboxesOf(podUid: string): readonly Sandbox[];
  /** The pods that some file is about. */
  podUids(): Iterable<string>;
  /** How each pod is attached, as the newest file about it says. */
  links(): readonly PodLink[];
  /** Pods that some file is about. */
  pods(): number;
}

const sandboxOf = ({ podUid, pod, ips, hostInterfaces }: CniResult, notedAt: number): Sandbox => ({
  podUid,
  pod,
  ips,
  hostInterfaces,
  notedAt,
});

export const createResultIndex = (): ResultIndex => {
  const entries = new Map<string, Entry>();
  const filesOf = new Map<string, Set<string>>();

  const newestOf = (podUid: string): CniResult | undefined => {
    let newest: Entry | undefined;
    for (const file of filesOf.get(podUid) ?? []) {
      const entry = entries.get(file);
      if (entry !== undefined && (newest === undefined || entry.mtimeMs >= newest.mtimeMs)) newest = entry;
    }
    return newest?.result;
  };

  const change = (file: string, entry: Entry | undefined): readonly string[] => {
    const before = entries.get(file)?.result?.podUid;
    const after = entry?.result?.podUid;
    if (before !== undefined && before !== after) {
      const files = filesOf.get(before);
      files?.delete(file);
      if (files?.size === 0) filesOf.delete(before);
    }
    if (entry === undefined) entries.delete(file);
    else entries.set(file, entry);
    if (after !== undefined) filesOf.set(after, (filesOf.get(after) ?? new Set()).add(file));
    return [...new Set([before, after].filter((uid) => uid !== undefined))];
  };

  return {
    put: (file, { mtimeMs, size }, result) =>
      change(file, { mtimeMs, size, result, sandbox: result && sandboxOf(result, mtimeMs) }),
    remove: (file) => change(file, undefined),
    versionOf: (file) => entries.get(file),
    files: () => entries.keys(),
    sandboxesOf: (podUid) => [...(filesOf.get(podUid) ?? [])].flatMap((file) => entries.get(file)?.sandbox ?? []),
    podUids: () => filesOf.keys(),
    links: () => [...filesOf.keys()].map(newestOf).filter((result) => result !== undefined),
    pods: () => filesOf.size,
  };
};
