import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { SEVERITY } from '../../src/check/finding.ts';
import { pageOf } from '../../src/cli/check/page.ts';

const ROOT = path.join(import.meta.dirname, '../..');

test('docs/check.md explains each code of a finding under a heading, with its severity, and no other', () => {
  const [file = ''] = pageOf('manifest').split('#');
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const explained = [...text.matchAll(/^### (\S+)\n\n(Error|Warning|Note)\. /gm)].map(
    ([, code = '', severity = '']) => [code, severity.toLowerCase()] as const,
  );
  expect(Object.fromEntries(explained)).toEqual({ ...SEVERITY, manifest: 'error', 'no-manifest': 'note' });
  expect(text.match(/^### /gm)).toHaveLength(explained.length);
});
