import { text } from 'node:stream/consumers';
import type { Clock } from '../model/clock.ts';
import { createBackoff } from './api/backoff.ts';
import type { Connect } from './api/connection.ts';
import { describeFailure } from './api/failure.ts';
import { get } from './api/request.ts';
import { wait } from './api/wait.ts';
import { asList, asObject, asText } from './raw.ts';

export interface PodRangesDeps {
  readonly connect: Connect;
  readonly node: string;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** Called with the reason why the range is not known, once for each reason. */
  readonly onTrouble: (trouble: string) => void;
}

/** The ranges (CIDRs) of the node's pod addresses. */
export interface PodRanges {
  /** Asks the API server until the range is known, then calls `onKnown` once. */
  start(onKnown: () => void): void;
  /** Reports whether the server has answered. Until then, a gate that a predecessor closed stays closed. */
  hasAsked(): boolean;
  /** Returns `Node.spec.podCIDRs`; empty until they are known, and for good if the cluster assigns none. */
  ranges(): readonly string[];
  stop(): Promise<void>;
}

/** A node gets its range when it joins, and keeps it: these are the waits until then. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
const ANSWER_MS = 10_000;

/** Returns `spec.podCIDRs`, or the older single field (core/v1 NodeSpec). */
const rangesOf = (node: unknown): readonly string[] => {
  const spec = asObject(asObject(node)['spec']);
  const listed = asList(spec['podCIDRs']);
  return (listed.length > 0 ? listed : [spec['podCIDR']]).map(asText).filter((each) => each !== undefined);
};

export const followPodRanges = ({ connect, node, clock, random, onTrouble }: PodRangesDeps): PodRanges => {
  const stopping = new AbortController();
  const backoff = createBackoff(FIRST_RETRY_MS, LONGEST_RETRY_MS, random);
  let ranges: readonly string[] = [];
  let told: string | undefined;
  let asked = false;
  let running: Promise<void> = Promise.resolve();

  const ask = async (): Promise<readonly string[]> => {
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(ANSWER_MS)]);
    const path = `/api/v1/nodes/${encodeURIComponent(node)}`;
    const answer = await get(await connect(), path, {}, 'application/json', signal);
    return rangesOf(JSON.parse(await text(answer)));
  };

  const run = async (onKnown: () => void): Promise<void> => {
    const isOver = (): boolean => stopping.signal.aborted;
    while (!isOver()) {
      let trouble = `Node ${node} has no spec.podCIDRs`;
      try {
        ranges = await ask();
        asked = true;
        if (ranges.length > 0) {
          onKnown();
          return;
        }
      } catch (error) {
        trouble = describeFailure(error);
      }
      asked = true;
      if (trouble !== told && !isOver()) onTrouble(trouble);
      told = trouble;
      await wait(clock, backoff.next(), stopping.signal);
    }
  };

  return {
    start(onKnown) {
      running = run(onKnown);
    },
    hasAsked: () => asked,
    ranges: () => ranges,
    async stop() {
      stopping.abort();
      await running;
    },
  };
};
