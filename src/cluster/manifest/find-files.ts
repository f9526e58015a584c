import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, messageOf } from '../error-text.ts';

const EXTENSIONS = ['.yaml', '.yml', '.json'];

/** A path that cannot be read. */
export interface Unreadable {
  readonly path: string;
  readonly reason: string;
}

/** Files and folders found under some paths. */
export interface FoundFiles {
  /** Sorted, each file once. */
  readonly files: readonly string[];
  /** All folders that were searched; changes are watched there. */
  readonly folders: readonly string[];
  readonly unreadable: readonly Unreadable[];
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
};

/** Returns the reason why a file or folder could not be read, for people. */
export const reasonOf = (error: unknown): string => REASONS[codeOf(error) ?? ''] ?? messageOf(error);

/**
 * Finds manifest files under the given paths: a file whatever its name, and all .yaml, .yml and .json files in a folder
 * and below. Skips hidden names, and so the bookkeeping of a mounted ConfigMap (`..data`).
 */
export const findFiles = async (paths: readonly string[]): Promise<FoundFiles> => {
  const files = new Set<string>();
  const folders = new Set<string>();
  const unreadable: Unreadable[] = [];
  const visited = new Set<string>();

  const visit = async (target: string, named: boolean): Promise<void> => {
    try {
      const entry = await stat(target);
      if (!entry.isDirectory()) {
        if (named || EXTENSIONS.includes(path.extname(target))) files.add(target);
        if (named) folders.add(path.dirname(target));
        return;
      }
      // Symbolic links may form a circle.
      const real = await realpath(target);
      if (visited.has(real)) return;
      visited.add(real);
      folders.add(target);
      const names = (await readdir(target)).filter((name) => !name.startsWith('.')).sort();
      for (const name of names) await visit(path.join(target, name), false);
    } catch (error) {
      unreadable.push({ path: target, reason: reasonOf(error) });
    }
  };

  for (const target of paths) await visit(target, true);
  return { files: [...files].sort(), folders: [...folders], unreadable };
};
