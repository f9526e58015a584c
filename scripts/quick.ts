import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from './cache-folder.ts';

/**
 * `npm run quick [-- JEST-ARGUMENTS]`: the inner loop of working on the project. Checks types and the format of changed
 * files, and runs the tests without a kernel of the folders in which git sees changes; with arguments, the tests that they
 * select.
 */

const root = path.join(import.meta.dirname, '..');
const cache = cacheFolder('tsc-quick');

/** Returns the folders of tests that mirror those of changed files: `test/program/` for `src/program/names.ts`. */
const changedFolders = (): readonly string[] => {
  const status = execFileSync('git', ['status', '--porcelain', '--untracked-files=all'], { cwd: root }).toString();
  const folders = [...status.matchAll(/^.. (?:.* -> )?(?:src|test)\/([\w-]+)\//gm)].map(
    ([, name = '']) => `test/${name}/`,
  );
  return [...new Set(folders)].filter((folder) => existsSync(path.join(root, folder)));
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : changedFolders();

const COMMANDS: readonly (readonly [command: string, ...args: string[]])[] = [
  ['tsc', '-p', '.', ...(cache === undefined ? [] : ['--incremental', '--tsBuildInfoFile', `${cache}/info.json`])],
  ['biome', 'format', '--changed', '--since=HEAD', '--no-errors-on-unmatched'],
  ...(wanted.length === 0 ? [] : [['jest', '--selectProjects', 'pure', '--passWithNoTests', ...wanted] as const]),
];

const run = ([command, ...args]: (typeof COMMANDS)[number]): Promise<boolean> =>
  new Promise((resolve) => {
    const child = spawn(path.join(root, 'node_modules/.bin', command), args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' },
    });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });

const startedAt = performance.now();
const outcomes = await Promise.all(COMMANDS.map(run));
const failed = COMMANDS.filter((_, at) => outcomes[at] !== true).map(([command]) => command);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`quick: ${failed.length === 0 ? 'clean' : `failed: ${failed.join(', ')}`} (${seconds} s)`);
process.exitCode = failed.length === 0 ? 0 : 1;
