import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CniResults, type CniResultsDeps, followCniResults } from '../../../src/cluster/cni/follow-results.ts';
import { createSystemClock } from '../../../src/kernel/clock.ts';
import { type CniResultParts, cniResultFile, cniResultText } from '../../support/cni/cni-result.ts';
import { waitFor } from '../../support/wait-for.ts';

const DEADLINE_MS = 60_000;

let parent: string;
let folder: string;
let results: CniResults | undefined;
let changes: string[];
let troubles: string[];

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'portcullis-cni-'));
  folder = path.join(parent, 'results');
  await mkdir(folder);
  changes = [];
  troubles = [];
});

afterEach(async () => {
  await results?.stop();
  await rm(parent, { recursive: true });
});

const until = async (what: string, holds: (current: CniResults) => boolean): Promise<void> => {
  await waitFor(
    what,
    DEADLINE_MS,
    () => Promise.resolve((results !== undefined && holds(results)) || undefined),
    () => JSON.stringify({ status: results?.status(), changes, troubles }),
  );
};

const follow = async (settings: Partial<CniResultsDeps> = {}): Promise<CniResults> => {
  results = followCniResults({
    folder,
    clock: createSystemClock(),
    bootedAt: 0,
    onTrouble: (what, trouble) => troubles.push(`${path.relative(parent, what)}: ${trouble}`),
    ...settings,
  });
  results.start((uid) => changes.push(uid));
  await until('the first look', (current) => current.hasLooked());
  return results;
};

/** Returns the content of the newest result about a pod. */
const addressesIn =
  ({ sandboxesOf }: CniResults) =>
  (podUid: string): readonly string[] | undefined =>
    sandboxesOf(podUid).toSorted((one, other) => other.notedAt - one.notedAt)[0]?.ips;

const write = async (parts: CniResultParts, modifiedAt?: number): Promise<string> => {
  const file = path.join(folder, cniResultFile(parts));
  await writeFile(file, cniResultText(parts));
  if (modifiedAt !== undefined) await utimes(file, modifiedAt, modifiedAt);
  return file;
};

const WEB = { uid: 'web', addresses: ['10.244.1.5/24'] };

/** A clock whose timers never fire: only the kernel's reports are left. */
const withoutTimers = (): CniResultsDeps['clock'] => ({ ...createSystemClock(), after: () => () => undefined });

describe('following CNI results', () => {
  test('results that exist at the start are read', async () => {
    await write(WEB);
    const followed = await follow();
    const { status } = followed;
    const addressesOf = addressesIn(followed);
    expect(addressesOf('web')).toEqual(['10.244.1.5']);
    expect(status()).toEqual({ folder, watched: true, pods: 1 });
  });

  test('results that are added and deleted are followed by the kernel’s reports', async () => {
    const addressesOf = addressesIn(await follow({ clock: withoutTimers() }));
    const file = await write(WEB);
    await until('the addresses', () => addressesOf('web') !== undefined);
    await rm(file);
    await until('their end', () => addressesOf('web') === undefined);
    expect(changes).toEqual(['web', 'web']);
  });

  test('a result that is written in two steps is read', async () => {
    const addressesOf = addressesIn(await follow({ clock: withoutTimers() }));
    const file = path.join(folder, cniResultFile(WEB));
    await writeFile(file, cniResultText(WEB).slice(0, 40));
    await write({ ...WEB, uid: 'other', container: 'later' });
    await until('what came later', () => addressesOf('other') !== undefined);
    await writeFile(file, cniResultText(WEB));
    await until('the addresses', () => addressesOf('web') !== undefined);
    expect(troubles).toEqual([]);
  });

  test('a change that the kernel does not report is found by the next scan', async () => {
    const addressesOf = addressesIn(
      await follow({
        clock: { ...createSystemClock(), after: (_ms, callback) => createSystemClock().after(20, callback) },
      }),
    );
    const aside = path.join(parent, 'aside');
    await writeFile(aside, cniResultText(WEB));
    await rename(folder, `${folder}.old`);
    await mkdir(folder);
    await rename(aside, path.join(folder, cniResultFile(WEB)));
    await until('the addresses', () => addressesOf('web') !== undefined);
  });
});

describe('several results of a pod', () => {
  test('the newest file about a pod counts, in whatever order files are read', async () => {
    await write({ ...WEB, container: 'b', addresses: ['10.244.1.7/24'] }, 2000);
    await write({ ...WEB, container: 'a', addresses: ['10.244.1.6/24'] }, 3000);
    await write({ ...WEB, container: 'c', addresses: ['10.244.1.8/24'] }, 1000);
    const addressesOf = addressesIn(await follow());
    expect(addressesOf('web')).toEqual(['10.244.1.6']);
    await rm(path.join(folder, cniResultFile({ ...WEB, container: 'a' })));
    await until('the next', () => addressesOf('web')?.[0] === '10.244.1.7');
  });

  test('no file from before the node’s boot counts', async () => {
    await write(WEB, 1000);
    await write({ ...WEB, uid: 'new', container: 'new' }, 3000);
    const addressesOf = addressesIn(await follow({ bootedAt: 2_000_000 }));
    expect(addressesOf('web')).toBeUndefined();
    expect(addressesOf('new')).toEqual(['10.244.1.5']);
  });
});

describe('folder of CNI results', () => {
  test('a folder that is created later is followed', async () => {
    await rm(folder, { recursive: true });
    const followed = await follow();
    const { status } = followed;
    const addressesOf = addressesIn(followed);
    expect(status().watched).toBe(false);
    await mkdir(folder);
    await write(WEB);
    await until('the addresses', () => addressesOf('web') !== undefined);
    expect(troubles).toEqual([]);
  });

  test('a folder that is deleted and created again is followed', async () => {
    await write(WEB);
    const addressesOf = addressesIn(await follow());
    await rm(folder, { recursive: true });
    await until('the end', () => addressesOf('web') === undefined);
    await mkdir(folder);
    await until('the new folder to be watched', ({ status }) => status().watched);
    await write(WEB);
    await until('the addresses', () => addressesOf('web') !== undefined);
  });
});

test('an invalid file is reported once, and does not keep others from being read', async () => {
  const often = createSystemClock();
  await writeFile(path.join(folder, 'pods-broken-eth0'), '{"kind":');
  await writeFile(path.join(folder, 'pods-large-eth0'), Buffer.alloc(1024 * 1024 + 1));
  await symlink('/dev/zero', path.join(folder, 'pods-link-eth0'));
  await mkdir(path.join(folder, 'pods-folder-eth0'));
  await write(WEB);
  const addressesOf = addressesIn(
    await follow({ clock: { ...often, after: (_ms, callback) => often.after(10, callback) } }),
  );
  expect(addressesOf('web')).toEqual(['10.244.1.5']);
  await until('all to be reported', () => troubles.length >= 4);
  await write({ ...WEB, uid: 'later', container: 'later' });
  await until('a later file', () => addressesOf('later') !== undefined);
  expect(troubles.toSorted()).toEqual([
    expect.stringMatching(/^results\/pods-broken-eth0: .*JSON/),
    'results/pods-folder-eth0: not a file',
    'results/pods-large-eth0: 1048577 bytes, more than 1048576',
    expect.stringMatching(/^results\/pods-link-eth0: ELOOP/),
  ]);
});
