import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { runCli } from '../../src/cli/run-cli.ts';
import { VERBS } from '../../src/cli/verbs.ts';

jest.setTimeout(120_000);

const ROOT = path.join(import.meta.dirname, '../..');
const page = readFileSync(path.join(ROOT, 'docs/first-hour.md'), 'utf8');

/** The commands of the page that need only files of the repository. */
const COMMANDS = page
  .split('\n')
  .filter((line) => line.startsWith('bin/portcullis ') && line.includes(' demo/'))
  .map((line) => line.split(' ').slice(1));

test('docs/first-hour.md has commands that run on the files of the repository', () => {
  expect(COMMANDS.map(([verb]) => verb)).toEqual(['check', 'matrix', 'matrix', 'explain', 'diff']);
});

test.each(COMMANDS)('portcullis %s %s %s %s of docs/first-hour.md answers', async (...args) => {
  const said = { out: '', err: '' };
  const io = {
    env: {},
    out: (text: string) => void (said.out += text),
    err: (text: string) => void (said.err += text),
  };
  const words = args.map((word) => (word.startsWith('demo/') ? path.join(ROOT, word) : word));
  expect({ code: await runCli(words, io, VERBS), ...said }).toMatchObject({ code: 0 });
  expect(said.out.split('\n').length).toBeGreaterThan(2);
});

test('docs/first-hour.md links to files that exist', () => {
  const links = [...page.matchAll(/\]\(([^)#]+)/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(4);
  for (const link of links) expect(() => readFileSync(path.join(ROOT, 'docs', link))).not.toThrow();
});
