import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PATHS } from '../../scripts/manifests/paths.ts';
import { renderFolders } from '../../src/cli/rendered-folders.ts';
import { createCommandRunner } from '../../src/kernel/command.ts';
import { runVerbs } from '../support/run-verbs.ts';
import { kubectlPath, readObjects } from './objects.ts';

const searchPath = process.env['PATH'];

beforeAll(async () => {
  process.env['PATH'] = `${path.dirname(await kubectlPath())}:${searchPath ?? ''}`;
});

afterAll(() => {
  process.env['PATH'] = searchPath;
});

test('our kustomization is rendered by the real kubectl, and check has nothing to say about it', async () => {
  const { folders, remarks } = await renderFolders([PATHS.base], createCommandRunner());
  expect(remarks).toEqual([]);
  const kinds = readObjects(folders[0]?.text ?? '').map(({ kind }) => kind);
  expect(kinds).toContain('DaemonSet');
  expect(await runVerbs('check', PATHS.base)).toEqual({
    code: 0,
    out: '0 policies checked: nothing found\n',
    err: '',
  });
});
