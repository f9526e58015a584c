import { setTimeout as delay } from 'node:timers/promises';
import type { Finding, Row } from './row.ts';
import { openStage } from './stage.ts';
import { type Passed, startTraffic } from './traffic.ts';

/** How long the node is without an agent, and how long the next agent then runs. */
const PAUSE_MS = 300;

/** Returns the findings about the traffic that every such proof has. */
export const findingsOf = (passed: Passed, seconds: number): readonly Finding[] => [
  { what: 'seconds under traffic', value: seconds.toFixed(0) },
  { what: 'denied probes, one a ms and family', value: String(passed.denied) },
  { what: 'of them answered', value: String(passed.leaked), goal: '0', met: passed.leaked === 0 },
  { what: 'allowed probes, one a ms and family', value: String(passed.allowed) },
  {
    what: 'of them not answered (at a pod that nothing isolates)',
    value: `${passed.lost} (${passed.lostBeside})`,
    goal: '0 more',
    // A machine without time loses packets on the path without rules as well.
    met: passed.lost <= passed.lostBeside,
  },
  { what: 'slowest answer to them (ms)', value: passed.slowestMs.toFixed(0) },
  { what: 'connections that were open all the while', value: String(passed.connections) },
  { what: 'of them broken', value: String(passed.broken), goal: '0', met: passed.broken === 0 },
];

export const RESTART: Row = {
  name: 'restart',
  about: 'the agent is killed by SIGKILL and started again',
  async prove(backend, rounds, say) {
    const stage = await openStage(backend);
    try {
      let agent = await stage.startAgent();
      const startedAt = performance.now();
      const traffic = await startTraffic(stage);
      for (let round = 1; round <= rounds; round += 1) {
        agent.signal('SIGKILL');
        await agent.ended;
        await delay(PAUSE_MS);
        agent = await stage.startAgent();
        await delay(PAUSE_MS);
        say(`restart ${backend}: ${round} of ${rounds}, ${await traffic.useLasting()} connections broken`);
      }
      const passed = await traffic.end();
      return [
        { what: 'kills and restarts', value: String(rounds) },
        ...findingsOf(passed, (performance.now() - startedAt) / 1000),
      ];
    } finally {
      await stage.close();
    }
  },
};
