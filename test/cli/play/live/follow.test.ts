import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { DEADLINE_MS, type Play, startPlay } from './run-play.ts';
import { cleanUp, removeFolder } from '../../../support/clean-up.ts';

jest.setTimeout(6 * DEADLINE_MS);

let folder: string;
let play: Play;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'portcullis-play-'));
  await cp(path.join(import.meta.dirname, 'shop'), folder, { recursive: true });
  play = await startPlay(folder);
});

afterEach(async () => {
  await cleanUp(
    () => play.process.stop(),
    () => removeFolder(folder),
  );
});

/** Changes the folder and waits for a complete new table. @returns the output since */
const after = async (change: Promise<unknown>): Promise<string> => {
  const since = play.text().length;
  await change;
  return (await play.until(/itself\n(?:.*\n)*\n$/, since)).slice(since);
};

describe('play', () => {
  test('play follows a folder: policies, labels, pods, and files that are temporarily broken', async () => {
    const policy = path.join(folder, 'policies/db.yaml');
    const good = await readFile(policy, 'utf8');
    const first = await after(Promise.resolve());
    expect(first).toMatch(/^shop\/web +· +✓ +✗/m);

    const edited = await after(writeFile(policy, good.replace('TCP, port: 5432', 'UDP, port: 53')));
    expect(edited).toMatch(/networkpolicy shop\/db configured$/m);
    expect(edited).toMatch(/shop\/web → shop\/db TCP 5432 now times out: denied: ingress of shop\/db is isolated by/);
    expect(edited).toMatch(/shop\/web → shop\/db UDP 53 now connects: /);
    expect(edited).toMatch(/^shop\/web +· +✗ +✓/m);

    const broken = await after(appendFile(policy, '  oops\n'));
    expect(broken).toMatch(/policies\/db\.yaml:\d+:\d+: not YAML/);
    expect(broken).toMatch(/^shop\/web +· +✗ +✓/m);

    const repaired = await after(rm(policy));
    expect(repaired).toMatch(/networkpolicy shop\/db deleted$/m);
    expect(repaired).not.toContain('not YAML');
    expect(repaired).toMatch(/^shop\/web +· +✓ +✓/m);

    const extra = (await readFile(path.join(folder, 'cluster.yaml'), 'utf8')).split('---\n')[0] ?? '';
    const grown = await after(writeFile(path.join(folder, 'extra.yaml'), extra.replace('name: web', 'name: extra')));
    expect(grown).toMatch(/pod shop\/extra created$/m);
    expect(grown).toMatch(/^shop\/extra +· +✓ +✓ +– +✓ /m);

    const shrunk = await after(rm(path.join(folder, 'extra.yaml')));
    expect(shrunk).toMatch(/pod shop\/extra deleted$/m);
    expect(shrunk).not.toMatch(/^shop\/extra /m);
  });
});
