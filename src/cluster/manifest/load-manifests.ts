import { readFile } from 'node:fs/promises';
import { createIntern } from '../intern.ts';
import { assemble, type LoadedManifests } from './assemble.ts';
import { findFiles, reasonOf } from './find-files.ts';
import type { FileContent } from './manifest-object.ts';
import { readManifest } from './read-manifest.ts';

export interface LoadSettings {
  /** What the path `-` stands for. */
  readonly stdin?: string;
  /** How many pods a workload stands for at most, however many replicas it asks for; 1 if absent. */
  readonly maxReplicas?: number;
}

const unreadableFile = (file: string, reason: string): FileContent => ({
  file,
  objects: [],
  problems: [{ file, line: 1, column: 1, message: reason }],
});

const readContent = async (file: string): Promise<FileContent> => {
  try {
    return readManifest(await readFile(file, 'utf8'), file);
  } catch (error) {
    return unreadableFile(file, reasonOf(error));
  }
};

/**
 * Loads manifests once, for the verbs that work offline. Never rejects: what cannot be read is among the problems, and
 * hides nothing else.
 *
 * @param paths files, folders (read recursively) and `-`.
 */
export const loadManifests = async (
  paths: readonly string[],
  { stdin = '', maxReplicas = 1 }: LoadSettings = {},
): Promise<LoadedManifests> => {
  const { files, unreadable } = await findFiles(paths.filter((target) => target !== '-'));
  const contents = unreadable.map(({ path, reason }) => unreadableFile(path, reason));
  for (const file of files) contents.push(await readContent(file));
  if (paths.includes('-')) contents.push(readManifest(stdin, '<stdin>'));
  return assemble(contents, maxReplicas, createIntern());
};
