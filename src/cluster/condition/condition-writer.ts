import type { Clock } from '../../model/clock.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { ApiError } from '../api/api-error.ts';
import { createBackoff } from '../api/backoff.ts';
import { describeFailure, retryAfterOf } from '../api/failure.ts';
import { wait } from '../api/wait.ts';

export interface ConditionWriterDeps {
  /** Writes the condition of one pod. */
  readonly write: (pod: PodEndpoint, signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** Told in words what goes wrong, once for each thing, and with undefined when it works again. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** Writes conditions one after the other, with pauses; whatever the API server does, nobody else waits for it. */
export interface ConditionWriter {
  add(pod: PodEndpoint): void;
  /** The pod is gone, and with it its condition. */
  forget(podUid: string): void;
  status(): ConditionWriterStatus;
  stop(): Promise<void>;
}

export interface ConditionWriterStatus {
  readonly written: number;
  readonly waiting: number;
}

/** A node that boots has all its pods at once: the first ones are written without a pause, the others at this pace, ms. */
const BURST = 20;
const PACE_MS = 100;
/** A node runs some hundred pods; more than this are not remembered. */
const MAX_WAITING = 2000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;

/** Trying again heals nothing: the pod is gone (404), is another by now (409), or will not have it (400, 413, 422). */
const isHopeless = (error: unknown): boolean =>
  error instanceof ApiError && [400, 404, 409, 413, 422].includes(error.code);

/** Not an error worth telling: pods go while they are written to. */
const isGone = (error: unknown): boolean => error instanceof ApiError && [404, 409].includes(error.code);

export const createConditionWriter = (deps: ConditionWriterDeps): ConditionWriter => {
  const { write, clock, random, onTrouble } = deps;
  const waiting = new Map<string, PodEndpoint>();
  const stopping = new AbortController();
  const { signal } = stopping;
  const backoff = createBackoff(FIRST_RETRY_MS, LONGEST_RETRY_MS, random);
  let written = 0;
  let trouble: string | undefined;
  let allowance = BURST;
  let countedAt = clock.now();
  let working: Promise<void> | undefined;

  const setTrouble = (now: string | undefined): void => {
    if (now === trouble) return;
    trouble = now;
    onTrouble(now);
  };

  /** Those that somebody waits for come first. */
  const next = (): PodEndpoint | undefined => {
    const pods = [...waiting.values()];
    return pods.find(({ awaitsEnforcement }) => awaitsEnforcement === true) ?? pods[0];
  };

  const pause = async (): Promise<void> => {
    const now = clock.now();
    allowance = Math.min(BURST, allowance + (now - countedAt) / PACE_MS) - 1;
    countedAt = now;
    if (allowance < 0) await wait(clock, -allowance * PACE_MS, signal);
  };

  const attempt = async (pod: PodEndpoint): Promise<void> => {
    try {
      await write(pod, signal);
      written += 1;
      waiting.delete(pod.uid);
      backoff.reset();
      setTrouble(undefined);
    } catch (error) {
      if (signal.aborted) return;
      if (isHopeless(error)) waiting.delete(pod.uid);
      if (isGone(error)) return;
      setTrouble(describeFailure(error));
      await wait(clock, Math.max(backoff.next(), Math.min(retryAfterOf(error), LONGEST_RETRY_MS)), signal);
    }
  };

  const run = async (): Promise<void> => {
    for (let pod = next(); pod !== undefined && !signal.aborted; pod = next()) {
      await pause();
      if (waiting.has(pod.uid)) await attempt(pod);
    }
  };

  const work = (): void => {
    working ??= run().finally(() => {
      working = undefined;
    });
  };

  return {
    add(pod) {
      if (waiting.size >= MAX_WAITING) return;
      waiting.set(pod.uid, pod);
      work();
    },
    forget: (podUid) => waiting.delete(podUid),
    status: () => ({ written, waiting: waiting.size }),
    async stop() {
      stopping.abort();
      await working;
    },
  };
};
