import type { Clock } from '../../model/clock.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { ApiError } from '../api/api-error.ts';
import { createBackoff } from '../api/backoff.ts';
import { describeFailure, retryAfterOf } from '../api/failure.ts';
import { wait } from '../api/wait.ts';
import { IN_FORCE, type PodVerdict } from './reasons.ts';

export interface ConditionWriterDeps {
  /** Writes the condition of one pod. */
  readonly write: (pod: PodEndpoint, signal: AbortSignal, verdict: PodVerdict) => Promise<void>;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** Called once for each kind of failure, and with undefined when writing works again. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** Writes conditions one after the other, with pauses. Nothing else waits for the API server. */
export interface ConditionWriter {
  /** Queues a condition; replaces one that waits for the same pod. */
  add(pod: PodEndpoint, verdict?: PodVerdict): void;
  /** Drops the queued condition of a pod that is gone. */
  forget(podUid: string): void;
  status(): ConditionWriterStatus;
  stop(): Promise<void>;
}

interface Waiting {
  readonly pod: PodEndpoint;
  readonly verdict: PodVerdict;
}

export interface ConditionWriterStatus {
  readonly written: number;
  readonly waiting: number;
}

/** Up to 5 patches a second, also at the boot of a node that has all its pods at once. */
const BURST = 5;
const PACE_MS = 200;
/** A node has a few hundred pods; no more than this wait. */
const MAX_WAITING = 2000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;

/**
 * Reports whether a retry cannot help: the pod is gone (404), was replaced (409), or the patch is refused (400, 413,
 * 422).
 */
const isHopeless = (error: unknown): boolean =>
  error instanceof ApiError && [400, 404, 409, 413, 422].includes(error.code);

/** Reports whether the pod is gone, which is not worth a log line. */
const isGone = (error: unknown): boolean => error instanceof ApiError && [404, 409].includes(error.code);

export const createConditionWriter = (deps: ConditionWriterDeps): ConditionWriter => {
  const { write, clock, random, onTrouble } = deps;
  const waiting = new Map<string, Waiting>();
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

  /** Returns the next pod. Pods whose readiness gate waits come first. */
  const next = (): Waiting | undefined => {
    const all = [...waiting.values()];
    return all.find(({ pod }) => pod.awaitsEnforcement === true) ?? all[0];
  };

  const pause = async (): Promise<void> => {
    const now = clock.now();
    allowance = Math.min(BURST, allowance + (now - countedAt) / PACE_MS) - 1;
    countedAt = now;
    if (allowance < 0) await wait(clock, -allowance * PACE_MS, signal);
  };

  /** Removes an item that was written, unless another condition replaced it meanwhile. */
  const isDone = (item: Waiting): void => {
    if (waiting.get(item.pod.uid) === item) waiting.delete(item.pod.uid);
  };

  const attempt = async (item: Waiting): Promise<void> => {
    try {
      await write(item.pod, signal, item.verdict);
      written += 1;
      isDone(item);
      backoff.reset();
      setTrouble(undefined);
    } catch (error) {
      if (signal.aborted) return;
      if (isHopeless(error)) isDone(item);
      if (isGone(error)) return;
      setTrouble(describeFailure(error));
      await wait(clock, Math.max(backoff.next(), Math.min(retryAfterOf(error), LONGEST_RETRY_MS)), signal);
    }
  };

  const run = async (): Promise<void> => {
    for (let item = next(); item !== undefined && !signal.aborted; item = next()) {
      await pause();
      if (waiting.get(item.pod.uid) === item) await attempt(item);
    }
  };

  const work = (): void => {
    working ??= run().finally(() => {
      working = undefined;
    });
  };

  return {
    add(pod, verdict = IN_FORCE) {
      if (waiting.size >= MAX_WAITING && !waiting.has(pod.uid)) return;
      waiting.set(pod.uid, { pod, verdict });
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
