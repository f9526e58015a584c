import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { waitFor } from '../../../support/wait-for.ts';
import { DEADLINE_MS, networksBelow, type Play, startPlay, stillInUse } from './run-play.ts';

jest.setTimeout(2 * DEADLINE_MS);

const SHOP = path.join(import.meta.dirname, 'shop');

let play: Play;

beforeEach(async () => {
  play = await startPlay(SHOP);
});

afterEach(async () => {
  await play.process.stop();
});

test.each([
  ['SIGINT', 0],
  ['SIGTERM', 0],
  ['SIGKILL', 137],
] as const)('%s ends play and everything that it started', async (signal, code) => {
  await play.until(/– itself/);
  const networks = networksBelow(play.process.pid);
  // Two nodes, two pods that are not on the host network, a machine outside, and the network between.
  expect(networks).toHaveLength(6);
  play.process.signal(signal);
  expect(await play.process.ended).toEqual({ code });
  // The kernel needs time to end the processes of a sandbox.
  await waitFor('every process of the sandbox to end', DEADLINE_MS, () =>
    Promise.resolve(stillInUse(networks).length === 0 || undefined),
  );
  // It wrote into a /run of its own.
  expect(existsSync('/run/portcullis-play')).toBe(false);
});
