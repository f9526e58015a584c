import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { createEventLog } from '../../../src/cli/ui/event-log.ts';
import { followFolder } from '../../../src/cli/ui/follow-folder.ts';
import { followRendered } from '../../../src/cli/ui/rendered-source.ts';
import { loadManifests } from '../../../src/cluster/manifest/load-manifests.ts';
import type { Entry } from '../../../src/page/entries.ts';
import { waitFor } from '../../support/wait-for.ts';

const WAIT_MS = 20_000;

const namespace = (name: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`;

test('what a program renders of a folder is shown, and again when a file of the folder changes', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-rendered-'));
  const values = path.join(folder, 'values');
  await writeFile(values, 'first');
  let shown: readonly Entry[] = [];
  const failures: unknown[] = [];
  const source = followRendered(
    [folder],
    async () => {
      const text = namespace((await readFile(values, 'utf8')).trim());
      return loadManifests([folder], { rendered: [{ folder, source: '<test>', text }] });
    },
    (error) => failures.push(error),
  );
  const end = followFolder(
    source,
    'test',
    createEventLog(() => 7),
    { publish: (_, entries) => void (shown = [...entries]) },
  );
  const waitForNamespace = (name: string): Promise<true> =>
    waitFor(
      name,
      WAIT_MS,
      () => Promise.resolve(shown.some((entry) => entry.kind === 'namespace' && entry.name === name) || undefined),
      () => JSON.stringify([shown, failures]),
    );
  try {
    await waitForNamespace('first');
    await writeFile(values, 'the-second');
    await waitForNamespace('the-second');
    expect(failures).toEqual([]);
  } finally {
    await end();
    await rm(folder, { recursive: true });
  }
});
