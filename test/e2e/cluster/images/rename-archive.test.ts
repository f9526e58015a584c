import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { writeImageArchive } from '../../../../e2e/cluster/images/archive.ts';
import { renameArchive } from '../../../../e2e/cluster/images/rename-archive.ts';
import { createCommandRunner } from '../../../../src/kernel/command.ts';

const runner = createCommandRunner();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rename-archive-'));
});

afterEach(() => rm(folder, { recursive: true }));

interface Manifest {
  readonly Config: string;
  readonly RepoTags: readonly string[];
  readonly Layers: readonly string[];
}

const manifestOf = async (archive: string): Promise<Manifest> => {
  const [manifest] = JSON.parse(await runner.run('tar', ['-xOf', archive, './manifest.json'])) as [Manifest];
  return manifest;
};

test('a renamed archive has the same image under the new name only', async () => {
  const archive = path.join(folder, 'one.tar');
  const target = path.join(folder, 'another.tar');
  await writeFile(path.join(folder, 'file'), 'content');
  const files = new Map([['file', path.join(folder, 'file')]]);
  const names = ['example.com/one:1'];
  const spec = { names, entrypoint: ['/file'], command: [], files, links: new Map(), texts: new Map() };
  await writeImageArchive(runner, spec, archive);
  await renameArchive(runner, archive, 'example.com/one:previous', target);

  expect(await manifestOf(target)).toEqual({ ...(await manifestOf(archive)), RepoTags: ['example.com/one:previous'] });
  expect(await runner.run('tar', ['-xOf', target, './layer.tar'])).toBe(
    await runner.run('tar', ['-xOf', archive, './layer.tar']),
  );
  expect((await readdir(folder)).toSorted()).toEqual(['another.tar', 'file', 'one.tar']);
});
