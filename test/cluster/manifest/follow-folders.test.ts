import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type FolderFollower, followFolders } from '../../../src/cluster/manifest/follow-folders.ts';
import { createSystemClock } from '../../../src/kernel/clock.ts';

let folder: string;
let follower: FolderFollower | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'follow-'));
});

afterEach(async () => {
  // Once more: anything that it still watched would keep the process alive.
  await follower?.stop();
  await rm(folder, { recursive: true });
});

const watchers = async (): Promise<number> => {
  // A handle that is being closed counts until the next turn of the event loop.
  await setImmediate();
  await setImmediate();
  return process.getActiveResourcesInfo().filter((name) => name.startsWith('FSEvent')).length;
};

test('a running follower watches folders, a stopped one does not', async () => {
  const before = await watchers();
  follower = followFolders(createSystemClock(), (watchThese) => {
    watchThese([folder]);
    return Promise.resolve();
  });
  expect(await watchers()).toBe(before + 1);
  await follower.stop();
  expect(await watchers()).toBe(before);
});

test('a follower that is stopped during its first scan watches nothing', async () => {
  const before = await watchers();
  const scanned = Promise.withResolvers<undefined>();
  follower = followFolders(createSystemClock(), async (watchThese) => {
    await scanned.promise;
    watchThese([folder]);
  });
  const stopping = follower.stop();
  scanned.resolve(undefined);
  await stopping;
  expect(await watchers()).toBe(before);
});
