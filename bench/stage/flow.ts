import { setTimeout as delay } from 'node:timers/promises';
import type { Beat, Prober, Stream } from '../../test/support/lab/prober.ts';
import type { Role } from './cast.ts';

/** This many packets in a row must agree before a change counts as in force. */
const STEADY = 60;
const POLL_MS = 25;
const NS_PER_MS = 1e6;

/** Returns nanoseconds of CLOCK_MONOTONIC, the clock of the packets' timestamps. */
export const nowNs = (): number => Number(process.hrtime.bigint());

/** A continuous stream of packets from one pod to another. */
export interface Flow {
  /**
   * Waits until packets pass (`open`) or are dropped (`closed`) steadily.
   * @returns milliseconds from `sinceNs` to the first packet that was sent under the new state
   * @throws Error after `deadlineMs`
   */
  until(state: 'open' | 'closed', sinceNs: number, deadlineMs?: number): Promise<number>;
  /** Returns all packets sent since `sinceNs` whose outcome is known by now. */
  since(sinceNs: number): Promise<readonly Beat[]>;
  end(): Promise<void>;
}

/** Returns the first packet under the new state, once the last packets agree. */
const turningPoint = (beats: readonly Beat[], open: boolean): Beat | undefined => {
  if (beats.length < STEADY || beats.slice(-STEADY).some(({ answered }) => answered !== open)) return undefined;
  if (open) return beats.find(({ answered }) => answered);
  return beats[beats.findLastIndex(({ answered }) => answered) + 1];
};

const startFlow = async (prober: Prober, stream: Stream): Promise<Flow> => {
  await prober.stream(stream);
  let beats: readonly Beat[] = [];
  const since = async (sinceNs: number): Promise<readonly Beat[]> => {
    beats = [...beats, ...(await prober.beats(stream.name))].filter(({ sentNs }) => sentNs >= sinceNs);
    return beats;
  };
  return {
    since,
    async until(state, sinceNs, deadlineMs = 60_000) {
      const deadline = sinceNs + deadlineMs * NS_PER_MS;
      for (;;) {
        const found = turningPoint(await since(sinceNs), state === 'open');
        if (found !== undefined) return (found.sentNs - sinceNs) / NS_PER_MS;
        if (nowNs() > deadline) throw new Error(`${stream.name}: not ${state} after ${deadlineMs} ms`);
        await delay(POLL_MS);
      }
    },
    end: () => prober.endStream(stream.name),
  };
};

const INTERVAL_US = 1000;
/** How long an answer is awaited: enough to distinguish open from closed quickly. */
const PATIENCE_MS = 200;

/** The destination of a flow. */
interface Target {
  readonly ip: string;
  readonly port: number;
}

/** Sends a packet every millisecond from a role's address. */
export const flowFrom = (prober: Prober, { netns, ip }: Role, to: Target): Promise<Flow> =>
  startFlow(prober, {
    name: `${netns} to ${to.ip}`,
    netns,
    from: ip,
    to: to.ip,
    port: to.port,
    intervalUs: INTERVAL_US,
    patienceMs: PATIENCE_MS,
  });
