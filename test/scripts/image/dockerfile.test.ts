import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { contextDigest } from '../../../scripts/image/context-digest.ts';
import { readBaseImages } from '../../../scripts/image/dockerfile.ts';

test('the base images are those that can be made without a registry', async () => {
  const { base, node } = await readBaseImages();
  expect(base).toBe('debian:12-slim');
  expect(node).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim$/);
});

test('files that do not change give the same digest', async () => {
  const digest = await contextDigest();
  expect(digest).toMatch(/^[0-9a-f]{16}$/);
  expect(await contextDigest()).toBe(digest);
});

test('Node has the same settings in the image as from a checkout', async () => {
  const root = path.join(import.meta.dirname, '../../..');
  const flagsIn = async (file: string, start: RegExp): Promise<readonly string[]> => {
    const line = (await readFile(path.join(root, file), 'utf8')).split('\n').find((each) => start.test(each));
    return line?.match(/--[a-z-]+=\d+|--[a-z-]+(?= )/g) ?? [];
  };
  const flags = await flagsIn('bin/portcullis', /^exec /);
  expect(flags.length).toBeGreaterThan(0);
  expect(await flagsIn('Dockerfile', /#!\/usr\/bin\/env -S /)).toEqual(flags);
  const [launcher, dockerfile] = await Promise.all(
    ['bin/portcullis', 'Dockerfile'].map((file) => readFile(path.join(root, file), 'utf8')),
  );
  for (const setting of ['MALLOC_ARENA_MAX=1', 'MALLOC_MMAP_THRESHOLD_=131072', 'MALLOC_TRIM_THRESHOLD_=131072']) {
    expect(launcher).toMatch(new RegExp(`^${setting}$`, 'm'));
    expect(dockerfile).toMatch(new RegExp(`env -S .* ${setting} `));
  }
});
