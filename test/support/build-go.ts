import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createCommandRunner } from '../../src/kernel/command.ts';

const hashOf = (folder: string): string => {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).toSorted()) {
    // A user's own build may be beside its sources.
    if (!/\.go$|^go\.(?:mod|sum)$/.test(name)) continue;
    hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
};

/**
 * Returns the path of the program of a folder of Go sources; builds it first, with Go, unless these sources were built
 * before.
 * @param name name of the program
 * @throws CommandError if the build fails
 */
export const builtGo = async (sources: string, name: string): Promise<string> => {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'portcullis', `${name}-${hashOf(sources)}`);
  const program = join(folder, name);
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  const unfinished = `${program}.${String(process.pid)}`;
  const go = createCommandRunner(['env', 'CGO_ENABLED=0', 'GOTOOLCHAIN=local', 'GOFLAGS=']);
  try {
    // No VCS stamp: git refuses to read another user's checkout.
    const args = ['-C', sources, 'build', '-trimpath', '-buildvcs=false', '-o', unfinished, '.'];
    await go.run('go', args, { timeoutMs: 300_000 });
    await rename(unfinished, program);
  } finally {
    await rm(unfinished, { force: true });
  }
  return program;
};
