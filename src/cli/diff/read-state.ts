import { existsSync } from 'node:fs';
import { assemble, type LoadedManifests } from '../../cluster/manifest/assemble.ts';
import { createIntern } from '../../cluster/intern.ts';
import { readManifest } from '../../cluster/manifest/read-manifest.ts';
import { CommandError, createCommandRunner } from '../../kernel/command.ts';
import { readPaths } from '../input.ts';
import type { ContextOptions } from '../kubectl.ts';
import { loadLive } from '../live-cluster.ts';
import { type CliIo, UsageError } from '../verb.ts';

/** A state as it was typed. */
export type StateText =
  | { readonly kind: 'stdin' }
  | { readonly kind: 'cluster' }
  | { readonly kind: 'path'; readonly path: string }
  /** `main:deploy/`: a folder or file of a commit, as git names it (gitrevisions(7)). */
  | { readonly kind: 'git'; readonly revision: string; readonly path: string };

/**
 * Tells what a state is: `-`, a path that exists, `cluster`, or `REVISION:PATH` of the git repository that the command runs in.
 * @throws UsageError where it is none of them
 */
export const readStateText = (typed: string, exists: (path: string) => boolean = existsSync): StateText => {
  if (typed === '-') return { kind: 'stdin' };
  if (exists(typed)) return { kind: 'path', path: typed };
  if (typed === 'cluster') return { kind: 'cluster' };
  const colon = typed.indexOf(':');
  if (colon > 0) return { kind: 'git', revision: typed.slice(0, colon), path: typed.slice(colon + 1) };
  throw new UsageError(
    `${typed}: there is no such file or folder; a state of git is REVISION:PATH, such as main:deploy/`,
  );
};

const MANIFEST = /\.(?:ya?ml|json)$/;
/** Hidden files and folders are left out, as in folders of the disk. */
const HIDDEN = /(?:^|\/)\./;
const GIT_TIMEOUT_MS = 120_000;

const git = createCommandRunner();

const runGit = async (typed: string, args: readonly string[]): Promise<string> => {
  try {
    return await git.run('git', args, { timeoutMs: GIT_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new UsageError(`${typed}: ${error.message}`);
  }
};

/** The files below a tree of git, as `git ls-tree -r -z` prints them. */
const filesIn = (listing: string): readonly { readonly hash: string; readonly name: string }[] =>
  listing.split('\0').flatMap((entry) => {
    const [, hash, name] = /^\d+ blob ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    return hash === undefined || name === undefined || !MANIFEST.test(name) || HIDDEN.test(name)
      ? []
      : [{ hash, name }];
  });

const readGit = async (
  { revision, path }: Extract<StateText, { kind: 'git' }>,
  maxReplicas: number,
): Promise<LoadedManifests> => {
  // git knows no slash at the end of a path, and none at its beginning but `./`.
  const object = `${revision}:${path.replace(/\/+$/, '')}`;
  const typed = `${revision}:${path}`;
  const type = (await runGit(typed, ['cat-file', '-t', object])).trim();
  const files =
    type === 'tree' ? filesIn(await runGit(typed, ['ls-tree', '-r', '-z', object])) : [{ hash: object, name: '' }];
  const folder = path === '' || path.endsWith('/') ? path : `${path}/`;
  const contents = [];
  for (const { hash, name } of files) {
    const content = await runGit(typed, ['cat-file', 'blob', hash]);
    contents.push(readManifest(content, name === '' ? typed : `${revision}:${folder}${name}`));
  }
  if (contents.length === 0) throw new UsageError(`${typed}: holds no .yaml, .yml or .json file`);
  return assemble(contents, maxReplicas, createIntern());
};

/**
 * Loads a state; what cannot be read is among its problems. Kustomizations and Helm charts are rendered in folders of the disk,
 * not in those of git.
 *
 * @throws UsageError where git does not have it
 */
export const loadState = async (
  state: StateText,
  io: CliIo,
  maxReplicas: number,
  context: ContextOptions = {},
): Promise<LoadedManifests> => {
  switch (state.kind) {
    case 'cluster':
      return loadLive(context, io);
    case 'stdin':
      return readPaths(['-'], io, { maxReplicas });
    case 'path':
      return readPaths([state.path], io, { maxReplicas });
    case 'git':
      return readGit(state, maxReplicas);
  }
};
