import type { PodLink } from '../../model/pod-link.ts';
import type { Sandbox } from '../../model/sandbox.ts';
import type { CniResult } from './parse-result.ts';

/** The version of a file: if either field differs, the file must be read again. */
export interface FileVersion {
  /** ms since the epoch */
  readonly mtimeMs: number;
  readonly size: number;
}

interface Entry extends FileVersion {
  /** Undefined if the file is not about a pod, or cannot be read. */
  readonly result: CniResult | undefined;
  /** The same object while the file's content stays the same. */
  readonly sandbox: Sandbox | undefined;
}

/** The files of a result cache, and the sandboxes of each pod. */
export interface ResultIndex {
  /** @returns the pods whose sandboxes have changed */
  put(file: string, version: FileVersion, result: CniResult | undefined): readonly string[];
  /** @returns the pods whose sandboxes have changed */
  remove(file: string): readonly string[];
  versionOf(file: string): FileVersion | undefined;
  files(): Iterable<string>;
  /** Returns the sandbox of each file about a pod. A crash of the runtime may have left older files behind. */
  sandboxesOf(podUid: string): readonly Sandbox[];
  /** Returns the pods that have a file. */
  podUids(): Iterable<string>;
  /** Returns how each pod is attached, from its newest file. */
  links(): readonly PodLink[];
  /** Returns the number of pods that have a file. */
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
