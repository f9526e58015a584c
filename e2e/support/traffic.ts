import { expect } from '@jest/globals';
import { expectAnswer, expectDenied, url } from './curl.ts';
import { type Flow, startFlow } from './flow.ts';
import { kubectl } from './kubectl.ts';
import { DEFAULT_PORT } from './objects.ts';
import { podIps } from './stage.ts';
import type { Trio } from './trio.ts';

/** No allowed new connection fails for longer than this, beyond what the machine itself takes for one at worst. */
const LONGEST_GAP_MS = 1_000;

/** Connections that are tried before and after what may disturb them. */
const SOME = 10;

/** What the stranger asks for, so that the server's log would tell. */
const FORBIDDEN = 'forbidden-to-strangers';

/** A friend and a stranger who connect to a server all the time. */
export interface Traffic {
  /** Lets some more connections be tried. */
  goOn(): Promise<void>;
  /** Ends it. Fails where the friend was kept waiting, or a single connection of the stranger got through. */
  expectUndisturbed(): Promise<void>;
}

export const startTraffic = async ({ server, friend, stranger }: Trio): Promise<Traffic> => {
  const ip = (await podIps(server))[0] ?? '';
  await expectAnswer(friend, url(ip, DEFAULT_PORT));
  await expectDenied(stranger, url(ip, DEFAULT_PORT));
  const allowed: Flow = await startFlow(friend, url(ip, DEFAULT_PORT, '/hostname'));
  const denied: Flow = await startFlow(stranger, url(ip, DEFAULT_PORT, `/echo?msg=${FORBIDDEN}`));
  // A pod that asks itself leaves the pod for nothing: it waits as long as a busy machine lets it wait.
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
