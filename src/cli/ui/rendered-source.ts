import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { ManifestSource } from '../../cluster/manifest-source.ts';
import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';

/** What followFolder needs of a source. */
export type FollowedManifests = Pick<ManifestSource, 'start' | 'stop' | 'hasSynced' | 'manifests'>;

const LOOK_MS = 1_000;

/** Returns a text that changes when a file below the paths does. */
const stampOf = async (paths: readonly string[]): Promise<string> => {
  const files: string[] = [];
  for (const target of paths) {
    const below = await readdir(target, { recursive: true }).catch(() => []);
    files.push(target, ...below.map((name) => path.join(target, name)));
  }
  const stamps = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs, size }) => `${file} ${mtimeMs} ${size}`,
        () => file,
      ),
    ),
  );
  return stamps.join('\n');
};

/**
 * Follows folders that a program has to render: it renders again when a file in them changes. What a remote base of a kustomization
 * changes is not noticed.
 * @param load renders and reads, and reports what cannot be read among the problems
 */
export const followRendered = (
  paths: readonly string[],
  load: () => Promise<LoadedManifests>,
  onFailure: (error: unknown) => void,
): FollowedManifests => {
  let loaded: LoadedManifests | undefined;
  let known = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  const look = async (): Promise<void> => {
    try {
      const stamp = await stampOf(paths);
      if (stamp !== known) {
        loaded = await load();
        known = stamp;
      }
    } catch (error) {
      onFailure(error);
    }
    if (!isStopped) timer = setTimeout(() => void look(), LOOK_MS);
  };
  return {
    start: () => void look(),
    hasSynced: () => loaded !== undefined,
    manifests: () => loaded,
    stop() {
      isStopped = true;
      clearTimeout(timer);
      return Promise.resolve();
    },
  };
};
