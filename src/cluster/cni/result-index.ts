import type { PodLink } from '../../model/pod-link.ts';
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
}

/** The files of a result cache, and the newest addresses of each pod. */
export interface ResultIndex {
  /** @returns the pods whose addresses are others now */
  put(file: string, version: FileVersion, result: CniResult | undefined): readonly string[];
  /** @returns the pods whose addresses are others now */
  remove(file: string): readonly string[];
  versionOf(file: string): FileVersion | undefined;
  files(): Iterable<string>;
  /** Addresses that the newest file about a pod names; a crash of the runtime may have left older ones. */
  addressesOf(podUid: string): readonly string[] | undefined;
  /** How each pod is attached, as the newest file about it says. */
  links(): readonly PodLink[];
  /** Pods that some file is about. */
  pods(): number;
}

const sameAddresses = (one: readonly string[] | undefined, other: readonly string[] | undefined): boolean =>
  one?.join() === other?.join();

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

  const addressesOf = (podUid: string): readonly string[] | undefined => newestOf(podUid)?.ips;

  const change = (file: string, entry: Entry | undefined): readonly string[] => {
    const before = entries.get(file)?.result?.podUid;
    const after = entry?.result?.podUid;
    const concerned = [...new Set([before, after].filter((uid) => uid !== undefined))];
    const known = concerned.map(addressesOf);
    if (before !== undefined && before !== after) {
      const files = filesOf.get(before);
      files?.delete(file);
      if (files?.size === 0) filesOf.delete(before);
    }
    if (entry === undefined) entries.delete(file);
    else entries.set(file, entry);
    if (after !== undefined) filesOf.set(after, (filesOf.get(after) ?? new Set()).add(file));
    return concerned.filter((uid, at) => !sameAddresses(known[at], addressesOf(uid)));
  };

  return {
    put: (file, { mtimeMs, size }, result) => change(file, { mtimeMs, size, result }),
    remove: (file) => change(file, undefined),
    versionOf: (file) => entries.get(file),
    files: () => entries.keys(),
    addressesOf,
    links: () => [...filesOf.keys()].map(newestOf).filter((result) => result !== undefined),
    pods: () => filesOf.size,
  };
};
