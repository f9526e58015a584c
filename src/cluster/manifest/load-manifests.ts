import { constants } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { createIntern } from '../intern.ts';
import { assemble, type LoadedManifests } from './assemble.ts';
import { findFiles, reasonOf } from './find-files.ts';
import type { FileContent } from './manifest-object.ts';
import { type OnProgress, readManifest, type ReadSettings } from './read-manifest.ts';

export interface LoadSettings {
  /** The content of the path `-`. */
  readonly stdin?: string;
  /** The namespace of objects that name none; `default` if absent. */
  readonly namespace?: string;
  /** Folders whose files are not read, since something else makes manifests of them. */
  readonly rendered?: readonly RenderedFolder[];
  readonly onProgress?: OnProgress;
  /** How many pods a workload stands for at most, however many replicas it asks for; 1 if absent. */
  readonly maxReplicas?: number;
}

/** The result of reading a folder. */
export interface RenderedFolder {
  readonly folder: string;
  /** The name to show in messages instead of a file name. */
  readonly source: string;
  /** The manifests; undefined where they could not be made. */
  readonly text: string | undefined;
  /** Why they could not be made. */
  readonly problem?: string;
}

/** Maximum size of one file: no text of JavaScript has more characters. */
export const MOST_BYTES = constants.MAX_STRING_LENGTH;

/** The message about what is larger. */
export const TOO_LARGE = `has more than ${Math.floor(MOST_BYTES / 1e6)} MB, the most that is read as one: give it as several files, such as one for each namespace (kubectl get -n)`;

const unreadableFile = (file: string, reason: string): FileContent => ({
  file,
  objects: [],
  problems: [{ file, line: 1, column: 1, message: reason }],
});

const readContent = async (file: string, settings: ReadSettings): Promise<FileContent> => {
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) return unreadableFile(file, TOO_LARGE);
    return readManifest(await readFile(file, 'utf8'), file, settings);
  } catch (error) {
    return unreadableFile(file, reasonOf(error));
  }
};

const isBelow = (file: string, folder: string): boolean =>
  !path.relative(folder, file).startsWith('..') && !path.isAbsolute(path.relative(folder, file));

/** Who names a file takes it for a manifest. */
const inEarnest = (content: FileContent): FileContent => ({
  ...content,
  problems: content.problems.map(({ file, line, column, object, field, message }) => ({
    file,
    line,
    column,
    ...(object === undefined ? {} : { object }),
    ...(field === undefined ? {} : { field }),
    message,
  })),
});

/**
 * Loads manifests once, for the verbs that work offline. Never rejects: an unreadable file becomes a problem, and does not
 * hide the others.
 *
 * @param paths files, folders (read recursively) and `-`.
 */
export const loadManifests = async (
  paths: readonly string[],
  { stdin = '', namespace, rendered = [], maxReplicas = 1, onProgress }: LoadSettings = {},
): Promise<LoadedManifests> => {
  const settings: ReadSettings = {
    ...(namespace === undefined ? {} : { namespace }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  const { files, unreadable } = await findFiles(paths.filter((target) => target !== '-'));
  const contents = unreadable.map((each) => unreadableFile(each.path, each.reason));
  for (const file of files) {
    if (!paths.includes(file) && rendered.some(({ folder }) => isBelow(file, folder))) continue;
    const content = await readContent(file, settings);
    contents.push(paths.includes(file) ? inEarnest(content) : content);
  }
  for (const { source, text, problem } of rendered) {
    if (text !== undefined) contents.push(readManifest(text, source, settings));
    if (problem !== undefined) contents.push(unreadableFile(source, problem));
  }
  if (paths.includes('-')) contents.push(readManifest(stdin, '<stdin>', settings));
  return assemble(contents, maxReplicas, createIntern());
};
