import { expect } from '@jest/globals';
import { expectAnswer, expectDenied, url } from './curl.ts';
import { type Flow, startFlow } from './flow.ts';
import { kubectl } from './kubectl.ts';
import { DEFAULT_PORT } from './objects.ts';
import { podIps } from './stage.ts';
import type { Trio } from './trio.ts';

/** No allowed new connection may fail for longer than this, beyond the machine's own longest gap. */
const LONGEST_GAP_MS = 1_000;

/** Number of connections before and after a disturbance. */
const SOME = 10;

/** The stranger's path, which would appear in the server's log. */
const FORBIDDEN = 'forbidden-to-strangers';

/** A friend and a stranger that connect to a server all the time. */
export interface Traffic {
  /** Waits for some more connections. */
  goOn(): Promise<void>;
  /** Ends it. Fails if the friend had to wait, or a single connection of the stranger succeeded. */
  expectUndisturbed(): Promise<void>;
}

export const startTraffic = async ({ server, friend, stranger }: Trio): Promise<Traffic> => {
  const ip = (await podIps(server))[0] ?? '';
  await expectAnswer(friend, url(ip, DEFAULT_PORT));
  await expectDenied(stranger, url(ip, DEFAULT_PORT));
  const allowed: Flow = await startFlow(friend, url(ip, DEFAULT_PORT, '/hostname'));
  const denied: Flow = await startFlow(stranger, url(ip, DEFAULT_PORT, `/echo?msg=${FORBIDDEN}`));
  // A pod that connects to itself stays inside the pod: its gaps are those of a busy machine.
  const unruled: Flow = await startFlow(friend, url('127.0.0.1', DEFAULT_PORT, '/hostname'));
  const goOn = async (): Promise<void> => {
    await allowed.tried(SOME);
    await denied.tried(1);
  };
  await goOn();
  return {
    goOn,
    async expectUndisturbed() {
      await goOn();
      const [ofFriend, ofStranger, machine] = await Promise.all([allowed.stop(), denied.stop(), unruled.stop()]);
      expect(ofFriend.longestGapMs).toBeLessThan(LONGEST_GAP_MS + machine.longestGapMs);
      expect(ofFriend.failed).toBe(0);
      expect(ofStranger.answered).toBe(0);
      expect(await kubectl(['-n', server.namespace, 'logs', server.name])).not.toContain(FORBIDDEN);
    },
  };
};
