import { access, constants, mkdir, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { createCommandRunner } from '../../src/kernel/command.ts';

/** A cold build took two minutes on two slow cores. */
const BUILD_MS = 30 * 60 * 1000;

const MODULE = path.join(import.meta.dirname, 'helm');

/** Returns the release that helm/go.mod requires, such as `v3.22.0`. */
const readVersion = async (): Promise<string> => {
  const text = await readFile(path.join(MODULE, 'go.mod'), 'utf8');
  const [, version] = /^require helm\.sh\/helm\/v3 (\S+)$/m.exec(text) ?? [];
  if (version === undefined) throw new Error(`${MODULE}/go.mod requires no Helm`);
  return version;
};

/**
 * Returns the path of Helm, and first builds it from the Go module proxy into the user's cache if it is missing.
 * @throws CommandError if Go is missing or cannot build it
 */
export const ensureHelm = async (say: (line: string) => void): Promise<string> => {
  const version = await readVersion();
  const cache = process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache');
  const folder = path.join(cache, 'portcullis', `helm-${version}`);
  const program = path.join(folder, 'helm');
  const built = await access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (built) return program;
  say(`building helm ${version} into ${folder} (once; takes minutes)`);
  await mkdir(folder, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const go = createCommandRunner(['env', 'CGO_ENABLED=0']);
  const flags = ['-trimpath', '-ldflags', `-s -w -X helm.sh/helm/v3/internal/version.version=${version}`];
  await go.run('go', ['-C', MODULE, 'build', ...flags, '-o', unfinished, 'helm.sh/helm/v3/cmd/helm'], {
    timeoutMs: BUILD_MS,
  });
  await rename(unfinished, program);
  return program;
};
