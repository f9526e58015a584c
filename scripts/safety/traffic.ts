import { setTimeout as delay } from 'node:timers/promises';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { Beat } from '../../test/support/lab/prober.ts';
import { addressOf, type PodName, SERVER_PORT, type Stage } from './stage.ts';

/** A probe a millisecond, each a connection of its own. */
const INTERVAL_US = 1_000;
/**
 * So long an answer is waited for, ms. Nothing is sent twice, so that what is answered at all has passed; short of time, a
 * machine answers late.
 */
const PATIENCE_MS = 2_000;
/** Connections of each protocol and family that stay open all the while. */
const LASTING = 25;

/** What became of the traffic, both families together. */
export interface Passed {
  /** Probes from where policy allows none, and how many were answered: leaks. */
  readonly denied: number;
  readonly leaked: number;
  /** Probes from where policy allows them, and how many were not answered. */
  readonly allowed: number;
  readonly lost: number;
  /** Probes at a pod that nothing isolates, not answered: what the machine itself loses. */
  readonly lostBeside: number;
  /** The longest that an answer took, of what is allowed, ms. */
  readonly slowestMs: number;
  readonly connections: number;
  /** Connections that were open before and are not answered any more. */
  readonly broken: number;
}

type Way = readonly [name: string, from: PodName, to: PodName];
const WAYS: readonly Way[] = [
  ['denied', 'foe', 'server'],
  ['allowed', 'friend', 'server'],
  ['beside', 'friend', 'foe'],
];

export interface Traffic {
  /** Uses the lasting connections, which their server would close after 30 s of silence. @returns how many are broken. */
  useLasting(): Promise<number>;
  /** Ends all of it. */
  end(): Promise<Passed>;
}

const unanswered = (beats: readonly Beat[]): number => beats.filter(({ answered }) => !answered).length;

const lasting = IP_FAMILIES.flatMap((family) =>
  (['TCP', 'UDP'] as const).map((protocol) => ({ family, protocol, name: `lasting ${protocol} ${family}` })),
);

/** Starts denied and allowed streams of both families, and opens connections that are to last. */
export const startTraffic = async ({ prober }: Stage): Promise<Traffic> => {
  for (const { family, protocol, name } of lasting) {
    const [from, to] = [addressOf('friend', family), addressOf('server', family)];
    await prober.open({ name, netns: 'friend', protocol, from, to, port: SERVER_PORT, count: LASTING });
  }
  for (const family of IP_FAMILIES) {
    for (const [name, from, to] of WAYS) {
      await prober.stream({
        name: `${name} ${family}`,
        netns: from,
        from: addressOf(from, family),
        to: addressOf(to, family),
        port: SERVER_PORT,
        intervalUs: INTERVAL_US,
        patienceMs: PATIENCE_MS,
      });
    }
  }
  const beatsOf = async (way: string): Promise<readonly Beat[]> => {
    const both = await Promise.all(IP_FAMILIES.map((family) => prober.beats(`${way} ${family}`)));
    return both.flat();
  };
  return {
    async useLasting() {
      const asked = await Promise.all(lasting.map(({ name }) => prober.ask(name, 3_000)));
      return asked.flat().filter((answered) => !answered).length;
    },
    async end() {
      // What is sent meanwhile is not counted unless it is answered.
      await delay(PATIENCE_MS);
      const asked = await Promise.all(lasting.map(({ name }) => prober.ask(name, 3_000)));
      const [denied = [], allowed = [], beside = []] = await Promise.all(WAYS.map(([name]) => beatsOf(name)));
      for (const family of IP_FAMILIES) for (const [name] of WAYS) await prober.endStream(`${name} ${family}`);
      for (const { name } of lasting) await prober.hangUp(name);
      return {
        denied: denied.length,
        leaked: denied.length - unanswered(denied),
        allowed: allowed.length,
        lost: unanswered(allowed),
        lostBeside: unanswered(beside),
        slowestMs: allowed.reduce((most, { afterMs }) => Math.max(most, afterMs), 0),
        connections: asked.flat().length,
        broken: asked.flat().filter((answered) => !answered).length,
      };
    },
  };
};

export const addPassed = (a: Passed, b: Passed): Passed => ({
  denied: a.denied + b.denied,
  leaked: a.leaked + b.leaked,
  allowed: a.allowed + b.allowed,
  lost: a.lost + b.lost,
  lostBeside: a.lostBeside + b.lostBeside,
  slowestMs: Math.max(a.slowestMs, b.slowestMs),
  connections: a.connections + b.connections,
  broken: a.broken + b.broken,
});
