import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import packageJson from '../../package.json' with { type: 'json' };
import { createCommandRunner } from '../../src/kernel/command.ts';

const root = path.join(import.meta.dirname, '../..');
const runner = createCommandRunner();

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-launcher-'));
  await runner.run('sh', [path.join(root, 'scripts/setup.sh'), 'build']);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('starts what was built, through links and from any folder', async () => {
  await symlink(path.join(root, 'bin/portcullis'), path.join(folder, 'first'));
  await symlink('first', path.join(folder, 'second'));
  expect(await runner.run('sh', ['-c', 'cd / && exec "$0" --version', path.join(folder, 'second')])).toBe(
    `${packageJson.version}\n`,
  );
});

test('says what to do where nothing was built', async () => {
  await mkdir(path.join(folder, 'bin'));
  await copyFile(path.join(root, 'bin/portcullis'), path.join(folder, 'bin/portcullis'));
  await expect(runner.run(path.join(folder, 'bin/portcullis'), [])).rejects.toThrow(
    `portcullis: not built yet: run 'npm run build' in ${folder}`,
  );
});
