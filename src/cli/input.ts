import { type Command, Option } from 'commander';
import type { LoadedManifests } from '../cluster/manifest/assemble.ts';
import { type LoadSettings, loadManifests, MOST_BYTES, TOO_LARGE } from '../cluster/manifest/load-manifests.ts';
import { otherPoliciesIn } from '../cluster/manifest/other-policies.ts';
import { formatProblem } from '../cluster/manifest/place.ts';
import { createCommandRunner } from '../kernel/command.ts';
import { nameOfKind } from '../model/other-policies.ts';
import type { ContextOptions } from './kubectl.ts';
import { asksCluster, loadLive } from './live-cluster.ts';
import { createProgress, type Progress } from './progress.ts';
import { renderFolders } from './rendered-folders.ts';
import { type CliIo, UsageError } from './verb.ts';

/** The options of a verb that `filenameOption` sets, and those of verbs that ask a cluster as well. */
export interface InputOptions extends ContextOptions {
  readonly filename?: readonly string[];
}

/** See LoadSettings. */
export interface InputSettings extends Pick<LoadSettings, 'namespace' | 'maxReplicas'> {
  /** Of a verb that goes on telling it after the input was read. */
  readonly progress?: Progress;
}

/** `-f PATH…`, the same for all verbs that read manifests. */
export const filenameOption = (): Option =>
  new Option(
    '-f, --filename <path...>',
    'manifests: files, folders with all below them, kustomizations, Helm charts, or - for standard input',
  );

/** Returns the paths that the user passed with -f and as arguments. */
export const pathsOf = (command: Command): readonly string[] => [
  ...(command.opts<InputOptions>().filename ?? []),
  ...command.args,
];

const readStandardInput = async (progress: Progress): Promise<string> => {
  const decoder = new TextDecoder();
  let given = '';
  let bytes = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new Error(`standard input ${TOO_LARGE}`);
    given += decoder.decode(piece, { stream: true });
    progress.at(`reading standard input: ${String(Math.floor(bytes / 1e6))} MB`);
  }
  given += decoder.decode();
  if (given.trim() === '') throw new Error('standard input is empty: the command before the pipe printed nothing');
  return given;
};

/**
 * Loads manifests. Folders with a kustomization and Helm charts are rendered. What cannot be read is among the problems; the
 * rest counts.
 *
 * @throws Error if standard input is empty
 */
export const readPaths = async (
  paths: readonly string[],
  io: CliIo,
  settings: InputSettings = {},
): Promise<LoadedManifests> => {
  const { progress = createProgress(io, process.stderr.isTTY), ...load } = settings;
  const { folders, remarks } = await renderFolders(
    paths.filter((target) => target !== '-'),
    createCommandRunner(),
  );
  for (const remark of remarks) io.err(`note: ${remark}\n`);
  try {
    return await loadManifests(paths, {
      ...load,
      rendered: folders,
      onProgress(what, part) {
        if (part === undefined) progress.begin(what);
        else progress.at(what, part);
      },
      ...(paths.includes('-') ? { stdin: await readStandardInput(progress) } : {}),
    });
  } finally {
    progress.hide();
  }
};

/**
 * Loads the manifests that a verb was given with -f or as arguments, see readPaths. Without any it reads the cluster, where one was
 * named or kubectl started this as its plugin.
 * @throws UsageError if there is neither
 */
export const readInput = async (
  command: Command,
  io: CliIo,
  settings: InputSettings = {},
): Promise<LoadedManifests> => {
  const paths = pathsOf(command);
  const options = command.opts<InputOptions>();
  if (paths.length === 0 && asksCluster(options, io)) return loadLive(options, io);
  if (paths.length === 0) throw new UsageError('no manifests: give files or folders with -f, or - for standard input');
  return readPaths(paths, io, settings);
};

/** Tells on standard error what could not be read, and what is not enforced. */
export const tellProblems = (loaded: LoadedManifests, io: CliIo): void => {
  for (const problem of loaded.problems) io.err(`${formatProblem(problem)}\n`);
  for (const { count, ...kind } of otherPoliciesIn(loaded.ignored)) {
    io.err(
      `note: ${count} of the kind ${nameOfKind(kind)} ${count === 1 ? 'is' : 'are'} neither counted nor enforced\n`,
    );
  }
};

/** As readInput, and tells on standard error what could not be read, and what is not enforced. */
export const loadInput = async (
  command: Command,
  io: CliIo,
  settings: InputSettings = {},
): Promise<LoadedManifests> => {
  const loaded = await readInput(command, io, settings);
  tellProblems(loaded, io);
  return loaded;
};

/** As readPaths, and tells on standard error what could not be read, and what is not enforced. */
export const loadPaths = async (paths: readonly string[], io: CliIo): Promise<LoadedManifests> => {
  const loaded = await readPaths(paths, io);
  tellProblems(loaded, io);
  return loaded;
};
