import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readStateText } from '../../../src/cli/diff/read-state.ts';
import { removeFolder } from '../../support/clean-up.ts';
import { runVerbs } from '../../support/run-verbs.ts';

const SHOP = readFileSync(join(import.meta.dirname, '../matrix/shop.yaml'), 'utf8');

let folder = '';
let home = '';

beforeEach(() => {
  home = process.cwd();
  folder = mkdtempSync(join(tmpdir(), 'portcullis-diff-'));
});

afterEach(async () => {
  process.chdir(home);
  await removeFolder(folder);
});

/** Writes a state and returns its path. */
const state = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

const CHANGED = SHOP.replace('ports: [{ port: 3306 }]', 'ports: [{ port: 3306 }, { port: 3307 }]')
  .replace('cidr: 192.0.2.0/24', 'cidr: 198.51.100.0/24')
  .replace(', except: [192.0.2.64/26]', '');

const diff = (...args: readonly string[]) => runVerbs('diff', ...args);

describe('portcullis diff', () => {
  test('tells which connections open and close, at which ports and for which addresses', async () => {
    const { code, out } = await diff(state('a.yaml', SHOP), state('b.yaml', CHANGED));
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      '+ outside  → shop/web TCP 8080 (198.51.100.0/24)',
      '+ shop/web → shop/db  TCP 3307',
      '- outside  → shop/web TCP 8080 (192.0.2.0/26, 192.0.2.128/25)',
      '',
      '2 connections open, 1 connection closes.',
      '',
    ]);
  });

  test('says so where nothing opens or closes, however the lines differ', async () => {
    const reordered = SHOP.split('---\n')
      .toReversed()
      .map((each) => `${each.trimEnd()}\n`)
      .join('---\n');
    const { code, out } = await diff(state('a.yaml', SHOP), state('b.yaml', reordered), '--exit-code');
    expect([code, out]).toEqual([0, 'No connection opens or closes.\n']);
  });

  test('exits with 1 where something changes, if asked to', async () => {
    const { code } = await diff(state('a.yaml', SHOP), state('b.yaml', CHANGED), '--exit-code');
    expect(code).toBe(1);
  });

  test('prints Markdown for a pull request', async () => {
    const { out } = await diff(state('a.yaml', SHOP), state('b.yaml', CHANGED), '-o', 'markdown');
    expect(out.split('\n').slice(0, 8)).toEqual([
      '### Who reaches whom',
      '',
      '2 connections open, 1 connection closes.',
      '',
      '| change | from | to | ports | only |',
      '|---|---|---|---|---|',
      '| opens | `outside` | `shop/web` | TCP 8080 | `198.51.100.0/24` |',
      '| opens | `shop/web` | `shop/db` | TCP 3307 |  |',
    ]);
  });

  test('prints the same as JSON', async () => {
    const { out } = await diff(state('a.yaml', SHOP), state('b.yaml', CHANGED), '-o', 'json');
    const report = JSON.parse(out) as { changes: readonly object[] };
    expect(report.changes[1]).toEqual({ change: 'opens', from: 'shop/web', to: 'shop/db', ports: 'TCP 3307' });
  });

  test('names workloads that only one state has, and keeps the addresses of the others', async () => {
    const more = `${SHOP}\n---\napiVersion: v1\nkind: Pod\nmetadata: { name: aaa, namespace: bank }\nspec: { containers: [{ name: a, image: a }] }\n`;
    const { out } = await diff(state('a.yaml', SHOP), state('b.yaml', more));
    expect(out).toBe('No connection opens or closes.\nOnly in the second state, not compared: bank/aaa\n');
  });

  test('exits with 1 and tells the place where a policy cannot be read', async () => {
    const { code, err } = await diff(state('a.yaml', SHOP), state('b.yaml', SHOP.replace('port: 3306', 'port: 0')));
    expect(code).toBe(1);
    expect(err).toContain('NetworkPolicy shop/db: spec.ingress[0].ports[0].port: 0 is not a port from 1 to 65535');
  });
});

describe('a state of git', () => {
  const git = (...args: readonly string[]): void => {
    execFileSync(
      'git',
      ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main', ...args],
      {
        cwd: folder,
        stdio: 'pipe',
      },
    );
  };

  beforeEach(() => {
    git('init', '-q');
    mkdirSync(join(folder, 'deploy', 'base'), { recursive: true });
    mkdirSync(join(folder, 'deploy', '.hidden'));
    state('deploy/base/shop.yaml', SHOP);
    state('deploy/.hidden/broken.yaml', '{{');
    state('deploy/README.md', 'no manifest');
    git('add', '.');
    git('commit', '-q', '-m', 'one');
    process.chdir(folder);
  });

  test('is a folder of a commit, compared with one of the disk or of another commit', async () => {
    state('deploy/base/shop.yaml', CHANGED);
    const { out, err } = await diff('HEAD:deploy/', 'deploy');
    expect(out).toContain('+ shop/web → shop/db  TCP 3307\n');
    expect(err).not.toContain('hidden');
    git('commit', '-q', '-a', '-m', 'two');
    expect((await diff('HEAD~1:deploy', 'main:')).out).toBe(out);
    expect((await diff('HEAD~1:./deploy/base/shop.yaml', 'HEAD:deploy/')).out).toBe(out);
  });

  test('names the commit and the file where something is wrong', async () => {
    state('deploy/base/shop.yaml', SHOP.replace('port: 3306', 'port: 0'));
    git('commit', '-q', '-a', '-m', 'two');
    expect((await diff('HEAD~1:deploy/', 'HEAD:deploy/')).err).toMatch(/^HEAD:deploy\/base\/shop\.yaml:\d+:\d+: /m);
  });

  test.each([
    ['a revision that is not there', 'nowhere:deploy/', 'nowhere:deploy/: git '],
    ['a path that is not there', 'HEAD:deplyo/', 'HEAD:deplyo/: git '],

    ['neither path nor revision', 'deplyo', 'deplyo: there is no such file or folder; a state of git is REVISION:PATH'],
  ])('%s is wrong usage', async (_, typed, message) => {
    const { code, out, err } = await diff(typed, 'deploy');
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(message);
  });
});

test('a path that exists is a path, also where it looks like a state of git', () => {
  expect(readStateText('a:b', () => true)).toEqual({ kind: 'path', path: 'a:b' });
  expect(readStateText('a:b', () => false)).toEqual({ kind: 'git', revision: 'a', path: 'b' });
  expect(readStateText('-')).toEqual({ kind: 'stdin' });
});

test('standard input can be one state, not both', async () => {
  const { code, err } = await diff('-', '-');
  expect(code).toBe(2);
  expect(err).toContain('only one state can be -');
});
