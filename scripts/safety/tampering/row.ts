import { setTimeout as delay } from 'node:timers/promises';
import { usageOf } from '../../../bench/agent/process-tree.ts';
import { quantile } from '../../../bench/report/statistics.ts';
import { IP_FAMILIES } from '../../../src/model/family.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import type { Finding, Row } from '../row.ts';
import { openStage, type Stage } from '../stage.ts';
import { type CrowdSize, crowdText } from './crowd.ts';
import { type Hand, handOf } from './hand.ts';
import { stateOf, TAMPERINGS, takeBack, type Tampering } from './kinds.ts';

export interface TamperingSettings {
  readonly crowd: CrowdSize;
  /** The first tampering of a kind comes at once after the former repair, the last one after this time. */
  readonly spreadMs: number;
  /** How long the agent is left alone to measure the cost of its checks. */
  readonly idleSeconds: number;
}

const GOAL_MS = 5_000;
const GIVE_UP_MS = 60_000;
/** After its own change the agent compares everything once more, which is not part of that cost. */
const SETTLED_MS = 12_000;

/** Returns the name and number of members of each set of the node. */
const setsOf = async ({ node }: Stage): Promise<readonly (readonly [name: string, size: number])[]> => {
  const text = await node.run('ipset', ['list', '-terse']);
  return [...text.matchAll(/^Name: (portcullis-\S+)$[^]*?^Number of entries: (\d+)$/gm)].map(
    ([, name = '', size = '0']) => [name, Number(size)],
  );
};

/** @returns the milliseconds from before the first command until everything was as before */
const repairTime = async (stage: Stage, tampering: Tampering, hand: Hand, set: string, at: number): Promise<number> => {
  const before = await stateOf(hand, set);
  const repairs = await stage.counter('portcullis_drift_repairs_total');
  const startedAt = performance.now();
  await tampering.strike(hand, set, IP_FAMILIES[at % 2] ?? 'ipv4');
  const took = await waitFor(`the repair of: ${tampering.name}`, GIVE_UP_MS, async () => {
    const seenAt = performance.now();
    return (await stateOf(hand, set)) === before ? seenAt - startedAt : undefined;
  });
  // Otherwise it was no tampering.
  await waitFor(`${tampering.name} to be counted`, GIVE_UP_MS, async () =>
    (await stage.counter('portcullis_drift_repairs_total')) > repairs ? true : undefined,
  );
  await takeBack(hand);
  return took;
};

const findingOf = (name: string, times: readonly number[]): Finding => {
  const [min, median, p99, max] = [0, 0.5, 0.99, 1].map((share) => quantile(times, share));
  const value = [min, median, p99, max].map((time = 0) => time.toFixed(0)).join(' / ');
  return { what: `${name} (ms)`, value, goal: `p99 ≤ ${GOAL_MS}`, met: (p99 ?? Number.POSITIVE_INFINITY) <= GOAL_MS };
};

const idleShare = async (pid: number, seconds: number): Promise<number> => {
  await delay(SETTLED_MS);
  const [before, startedAt] = [usageOf(pid).cpuSeconds, performance.now()];
  await delay(seconds * 1000);
  return ((usageOf(pid).cpuSeconds - before) / (performance.now() - startedAt)) * 100_000;
};

export const tamperingRow = ({ crowd, spreadMs, idleSeconds }: TamperingSettings): Row => ({
  name: 'tampering',
  about: 'somebody changes our rules and sets by hand; until all is as before: min / median / p99 / max',
  async prove(backend, rounds, say) {
    const stage = await openStage(backend);
    try {
      await stage.writePolicy(crowdText(crowd));
      const agent = await stage.startAgent();
      const sets = await setsOf(stage);
      const full = sets.filter(([, size]) => size >= 3);
      const idle = idleSeconds === 0 ? undefined : await idleShare(agent.pid, idleSeconds);
      const times = new Map<string, number[]>(TAMPERINGS.map(({ name }) => [name, []]));
      for (let round = 0; round < rounds; round += 1) {
        const family = IP_FAMILIES[round % 2] ?? 'ipv4';
        const hand = handOf(stage.node, backend, family);
        const own = full.filter(([name]) => name.startsWith(`portcullis-${family.slice(-1)}-`));
        const [set = ''] = own[Math.floor(round / 2) % own.length] ?? [];
        for (const tampering of TAMPERINGS) {
          await delay((spreadMs * round) / rounds);
          times.get(tampering.name)?.push(await repairTime(stage, tampering, hand, set, round));
        }
        say(`tampering ${backend}: ${round + 1} of ${rounds}`);
      }
      await agent.stop();
      return [
        { what: 'members, sets', value: `${sets.reduce((sum, [, size]) => sum + size, 0)}, ${sets.length}` },
        { what: 'times that each was done, half in each family', value: String(rounds) },
        ...[...times].map(([name, took]) => findingOf(name, took)),
        ...(idle === undefined ? [] : [{ what: 'CPU while nothing happens (% of a core)', value: idle.toFixed(2) }]),
      ];
    } finally {
      await stage.close();
    }
  },
});
