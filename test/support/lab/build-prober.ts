import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCommandRunner } from '../../../src/kernel/command.ts';

const SOURCES = fileURLToPath(new URL('../prober', import.meta.url));

const hashOfSources = (): string => {
  const hash = createHash('sha256');
  for (const name of readdirSync(SOURCES).toSorted()) {
    hash.update(`${name}\0`).update(readFileSync(join(SOURCES, name)));
  }
  return hash.digest('hex').slice(0, 16);
};

/**
 * Path of the prober's program (test/support/prober), built if these very sources never were before. Needs Go then.
 * @throws CommandError where it does not build.
 */
export const builtProber = async (): Promise<string> => {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'portcullis', `prober-${hashOfSources()}`);
  const program = join(folder, 'prober');
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  const unfinished = `${program}.${String(process.pid)}`;
  const go = createCommandRunner(['env', 'CGO_ENABLED=0', 'GOTOOLCHAIN=local', 'GOFLAGS=']);
  try {
    // No VCS stamp: git refuses to read a checkout that somebody else owns.
    const args = ['-C', SOURCES, 'build', '-trimpath', '-buildvcs=false', '-o', unfinished, '.'];
    await go.run('go', args, { timeoutMs: 300_000 });
    await rename(unfinished, program);
  } finally {
    await rm(unfinished, { force: true });
  }
  return program;
};
