import { setTimeout as delay } from 'node:timers/promises';
import { IP_FAMILIES } from '../../src/model/family.ts';
import type { Beat } from '../../test/support/lab/prober.ts';
import { addressOf, type PodName, SERVER_PORT, type Stage } from './stage.ts';

/** One probe per millisecond, each on a connection of its own. */
const INTERVAL_US = 1_000;
/**
 * Maximum wait for an answer. Nothing is sent twice, so any answer shows that a packet passed; a busy machine answers
 * late.
 */
const PATIENCE_MS = 2_000;
/** Connections of each protocol and family that stay open all the time. */
const LASTING = 25;

/** The outcome of the traffic, of both families together. */
export interface Passed {
  /** Probes that policy denies, and the number of answered ones: leaks. */
  readonly denied: number;
  readonly leaked: number;
  /** Probes that policy allows, and the number without an answer. */
  readonly allowed: number;
  readonly lost: number;
  /** Probes without an answer at a pod that nothing isolates: the machine's own losses. */
  readonly lostBeside: number;
  /** The longest time until an answer to an allowed probe. */
  readonly slowestMs: number;
  readonly connections: number;
  /** Connections that were open before and no longer get answers. */
  readonly broken: number;
}

type Way = readonly [name: string, from: PodName, to: PodName];
const WAYS: readonly Way[] = [
  ['denied', 'foe', 'server'],
  ['allowed', 'friend', 'server'],
  ['beside', 'friend', 'foe'],
];

export interface Traffic {
  /**
   * Uses the lasting connections, which their server would close after 30 s of silence. @returns the number of broken
   * ones
   */
  useLasting(): Promise<number>;
  /** Ends all traffic. */
  end(): Promise<Passed>;
}

const unanswered = (beats: readonly Beat[]): number => beats.filter(({ answered }) => !answered).length;

const lasting = IP_FAMILIES.flatMap((family) =>
  (['TCP', 'UDP'] as const).map((protocol) => ({ family, protocol, name: `lasting ${protocol} ${family}` })),
);

/** Starts denied and allowed streams of both families, and opens the lasting connections. */
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
      // Probes sent from here on count only if they are answered.
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
