import { readFile, stat } from 'node:fs/promises';
import { codeOf } from '../error-text.ts';
import { findFiles, reasonOf } from './find-files.ts';
import { describeObject, type FileContent, type ManifestObject } from './manifest-object.ts';
import { readManifest } from './read-manifest.ts';
import type { ManifestProblem } from './place.ts';

/** The result of one scan of the files. */
export interface Scan {
  readonly contents: readonly FileContent[];
  /** Whether anything differs from the scan before. */
  readonly changed: boolean;
  /** All folders that hold or may hold manifests. */
  readonly folders: readonly string[];
  /** Whether every requested path exists. */
  readonly complete: boolean;
}

/** The files under some paths; a file is read again only when it changes. */
export interface FileCache {
  scan(): Promise<Scan>;
}

interface Entry {
  /** Changes with every write, rename or replacement. */
  readonly stamp: string;
  readonly content: FileContent;
}

const stampOf = async (file: string): Promise<string> => {
  const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
  return [ino, size, mtimeNs, ctimeNs].join(' ');
};

/**
 * Keeps the last good state of objects that are missing or invalid in a file that became invalid, until the file is valid
 * again. An invalid file must not open anything.
 */
const keepGood = (fresh: FileContent, last: FileContent | undefined): FileContent => {
  if (last === undefined || fresh.problems.length === 0) return fresh;
  const sound = new Map(
    fresh.objects.filter(({ flawed }) => !flawed).map((object) => [describeObject(object), object]),
  );
  const kept = last.objects.map((object): ManifestObject => sound.get(describeObject(object)) ?? object);
  const known = new Set(kept.map(describeObject));
  return { ...fresh, objects: [...kept, ...fresh.objects.filter((object) => !known.has(describeObject(object)))] };
};

const unreadable = (file: string, reason: string, last: FileContent | undefined): FileContent => {
  const problem: ManifestProblem = { file, line: 1, column: 1, message: reason };
  return { file, objects: last?.objects ?? [], problems: [problem] };
};

export const createFileCache = (paths: readonly string[]): FileCache => {
  let entries = new Map<string, Entry>();

  /** Reads a file if it has changed. Undefined for a deleted file, which takes its objects with it. */
  const look = async (file: string): Promise<Entry | undefined> => {
    const known = entries.get(file);
    try {
      const stamp = await stampOf(file);
      if (stamp === known?.stamp) return known;
      return { stamp, content: keepGood(readManifest(await readFile(file, 'utf8'), file), known?.content) };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      return { stamp: `unreadable: ${reasonOf(error)}`, content: unreadable(file, reasonOf(error), known?.content) };
    }
  };

  /** Keeps all that was known under a folder or named file that cannot be read. */
  const keepBelow = (target: string, reason: string, next: Map<string, Entry>): void => {
    for (const [file, entry] of entries) {
      if (file.startsWith(`${target}/`)) next.set(file, entry);
    }
    const content = unreadable(target, reason, entries.get(target)?.content);
    next.set(target, { stamp: `unreadable: ${reason}`, content });
  };

  const differs = (next: ReadonlyMap<string, Entry>): boolean =>
    next.size !== entries.size || next.entries().some(([file, entry]) => entries.get(file)?.stamp !== entry.stamp);

  return {
    async scan() {
      const found = await findFiles(paths);
      const next = new Map<string, Entry>();
      for (const file of found.files) {
        const entry = await look(file);
        if (entry !== undefined) next.set(file, entry);
      }
      for (const { path, reason } of found.unreadable) keepBelow(path, reason, next);
      const changed = differs(next);
      entries = next;
      const contents = [...next.keys()].sort().map((file) => next.get(file)?.content);
      return {
        contents: contents.filter((content) => content !== undefined),
        changed,
        folders: found.folders,
        complete: !found.unreadable.some(({ path }) => paths.includes(path)),
      };
    },
  };
};
