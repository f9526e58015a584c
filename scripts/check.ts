import { spawn } from 'node:child_process';
import path from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { lintCache } from './lint-cache.ts';

/** `npm run check`: runs every static check of the project, two at a time, and prints the output of those that fail. */

const root = path.join(import.meta.dirname, '..');

const eslintCache = lintCache();
const tscCache = cacheFolder('tsc');

const CHECKS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  [
    'lint',
    'eslint',
    '.',
    '--max-warnings=0',
    ...(eslintCache === undefined ? [] : ['--cache', `--cache-location=${eslintCache}/`]),
  ],
  [
    'types',
    'tsc',
    '-p',
    '.',
    ...(tscCache === undefined ? [] : ['--incremental', '--tsBuildInfoFile', `${tscCache}/tsbuildinfo.json`]),
  ],
  ['types of the page', 'tsc', '-p', 'ui'],
  [
    'imports',
    'depcruise',
    '--config',
    '.dependency-cruiser.js',
    'src',
    'ui',
    'test',
    'scripts',
    'e2e',
    'bench',
    'chaos',
  ],
  ['dead code', 'knip', '--no-progress'],
  // Code that only tests use is dead as well.
  ['dead code of the product', 'knip', '--no-progress', '--production'],
  ['format', 'biome', 'format'],
  ['phrases', 'node', 'scripts/check-phrases.ts'],
];

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

const runCheck = async (command: string, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = spawn(path.join(root, 'node_modules/.bin', command), args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString().trimEnd() }));
  });

const waiting = [...CHECKS];
const failed: string[] = [];

const work = async (): Promise<void> => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const [name, command, ...args] = next;
    const startedAt = performance.now();
    const { ok, output } = await runCheck(command, args);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`check ${name}: ${ok ? 'ok' : 'FAILED'} (${command}, ${seconds} s)`);
    if (ok) continue;
    failed.push(name);
    console.log(output);
  }
};

await Promise.all([work(), work()]);
console.log(failed.length === 0 ? 'check: clean' : `check: ${failed.length} failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
