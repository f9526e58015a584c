import { setTimeout as delay } from 'node:timers/promises';
import { findingsOf } from './restart.ts';
import type { Row } from './row.ts';
import { openStage } from './stage.ts';
import { addPassed, type Passed, startTraffic } from './traffic.ts';

/** The last release: the rules that it made for the same cluster were recorded. */
export const PREVIOUS = '0.1.0';

/** Wait before and after the new agent starts. */
const PAUSE_MS = 300;

export const UPGRADE: Row = {
  name: 'upgrade',
  about: `an agent of this version takes over the rules of ${PREVIOUS}`,
  async prove(backend, rounds, say) {
    const stage = await openStage(backend);
    const startedAt = performance.now();
    let passed: Passed | undefined;
    try {
      for (let round = 1; round <= rounds; round += 1) {
        await stage.loadLayout(PREVIOUS);
        const traffic = await startTraffic(stage);
        await delay(PAUSE_MS);
        const agent = await stage.startAgent();
        await delay(PAUSE_MS);
        const ofRound = await traffic.end();
        passed = passed === undefined ? ofRound : addPassed(passed, ofRound);
        await agent.stop();
        await stage.cleanUp();
        say(`upgrade ${backend}: ${round} of ${rounds}`);
      }
      if (passed === undefined) throw new Error('no round');
      return [
        { what: `upgrades from ${PREVIOUS}`, value: String(rounds) },
        ...findingsOf(passed, (performance.now() - startedAt) / 1000),
      ];
    } finally {
      await stage.close();
    }
  },
};
