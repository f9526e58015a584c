import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { contextDigest } from '../../../scripts/image/context-digest.ts';
import { readBaseImages } from '../../../scripts/image/dockerfile.ts';

test('the base images of the Dockerfile are those that can be made without a registry', async () => {
  const { base, node, go } = await readBaseImages();
  expect(base).toBe('debian:12-slim');
  expect(go).toMatch(/^golang:\d+\.\d+-bookworm$/);
  expect(node).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim$/);
});

test('unchanged files have the same digest', async () => {
  const digest = await contextDigest();
  expect(digest).toMatch(/^[0-9a-f]{16}$/);
  expect(await contextDigest()).toBe(digest);
});

test('the image starts the same program as a checkout, with the same settings of Node', async () => {
  const dockerfile = await readFile(path.join(import.meta.dirname, '../../../Dockerfile'), 'utf8');
  expect(dockerfile).toContain('\nCOPY bin/portcullis bin/portcullis-probe /opt/portcullis/bin/\n');
  expect(dockerfile).toContain(
    'ln -s /opt/portcullis/bin/portcullis /opt/portcullis/bin/portcullis-probe /usr/local/bin/',
  );
  expect(dockerfile).toContain('ln -s /opt/portcullis/bin/portcullis-cni /usr/local/bin/');
  expect(dockerfile).toContain('\nENTRYPOINT ["portcullis"]\n');
});
