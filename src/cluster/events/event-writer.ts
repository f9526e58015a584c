import type { Clock } from '../../model/clock.ts';
import type { EventOutcome, OperatorEvent } from '../../model/operator-event.ts';
import { ApiError } from '../api/api-error.ts';
import { createBackoff } from '../api/backoff.ts';
import { describeFailure, retryAfterOf } from '../api/failure.ts';
import { eventName, type Repetition } from './event-object.ts';
import { createTokenBucket } from './token-bucket.ts';
import { createToldEvents, type Told } from './told-events.ts';

/** Requests to the API server; all reject with ApiError or the socket's error. */
export interface EventRequests {
  create(event: OperatorEvent, firstAt: string, repetition: Repetition, signal: AbortSignal): Promise<void>;
  /** @returns the count that the API server has stored */
  count(event: OperatorEvent, signal: AbortSignal): Promise<number>;
  repeat(event: OperatorEvent, repetition: Repetition, signal: AbortSignal): Promise<void>;
}

export interface EventWriterDeps {
  readonly node: string;
  readonly requests: EventRequests;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly onOutcome: (outcome: EventOutcome) => void;
  /** Called once for each kind of failure, and with undefined when writing works again. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** Writes events one after the other. Nothing else waits for the API server. */
export interface EventWriter {
  add(event: OperatorEvent): void;
  status(): EventWriterStatus;
  stop(): Promise<void>;
}

export interface EventWriterStatus {
  /** Number of events with something to send. */
  readonly waiting: number;
  readonly trouble: string | undefined;
}

/** Up to 20 requests at once, then one per interval: 5,000 nodes in trouble send 83 requests a second. */
const BURST = 20;
const INTERVAL_MS = 60_000;
/** Repetitions within this time are sent together. */
const REPEAT_MS = 60_000;
/** Maximum number of remembered events. */
const MOST = 200;
/** Attempts for one event, within about three minutes. */
const ATTEMPTS = 6;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;

/** Reports whether a retry cannot help: no right (403), no such namespace (404), or the event is refused (400, 413, 422). */
const isHopeless = (error: unknown): boolean =>
  error instanceof ApiError && [400, 403, 404, 413, 422].includes(error.code);

const isCode = (error: unknown, code: number): boolean => error instanceof ApiError && error.code === code;

export const createEventWriter = (deps: EventWriterDeps): EventWriter => {
  const { node, requests, clock, random, onOutcome, onTrouble } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const bucket = createTokenBucket(BURST, INTERVAL_MS, clock.now);
  const backoff = createBackoff(FIRST_RETRY_MS, LONGEST_RETRY_MS, random);
  const told = createToldEvents(MOST);
  let trouble: string | undefined;
  let troubleKind: string | undefined;
  let pausedUntil = clock.now();
  let working: Promise<void> | undefined;
  let cancel: (() => void) | undefined;

  const setTrouble = (error: unknown): void => {
    // The server's message differs from namespace to namespace.
    const kind = error instanceof ApiError ? String(error.code) : describeFailure(error);
    if (kind === troubleKind) return;
    troubleKind = kind;
    trouble = describeFailure(error);
    onTrouble(trouble);
  };

  const works = (): void => {
    if (trouble === undefined) return;
    trouble = undefined;
    troubleKind = undefined;
    onTrouble(undefined);
  };

  const create = async ({ event, firstAt, lastAt }: Told, count: number): Promise<EventOutcome | 'there'> => {
    try {
      await requests.create(event, firstAt, { count, lastAt }, signal);
      return 'posted';
    } catch (error) {
      if (isCode(error, 409)) return event.policy === undefined ? 'there' : 'known';
      throw error;
    }
  };

  /** Sends an event: one request, or two if an event of this name already exists. */
  const send = async (each: Told, unsent: number): Promise<void> => {
    const { event } = each;
    let { sent } = each;
    if (sent === undefined) {
      const outcome = await create(each, unsent);
      if (outcome !== 'there') {
        each.sent = outcome === 'posted' ? unsent : undefined;
        onOutcome(outcome);
        return;
      }
      sent = await requests.count(event, signal);
    }
    try {
      await requests.repeat(event, { count: sent + unsent, lastAt: each.lastAt }, signal);
    } catch (error) {
      if (!isCode(error, 404)) throw error;
      // The API server keeps events for an hour.
      each.sent = undefined;
      return send(each, unsent);
    }
    each.sent = sent + unsent;
    onOutcome('repeated');
  };

  const failed = (name: string, each: Told, error: unknown): void => {
    setTrouble(error);
    each.failures += 1;
    if (isHopeless(error) || each.failures >= ATTEMPTS) {
      told.forget(name);
      onOutcome('dropped');
    }
    if (!isHopeless(error)) {
      pausedUntil = clock.now() + Math.max(backoff.next(), Math.min(retryAfterOf(error), LONGEST_RETRY_MS));
    }
  };

  const work = async (name: string, each: Told): Promise<void> => {
    const { unsent } = each;
    bucket.take();
    try {
      await send(each, unsent);
      each.unsent -= unsent;
      each.failures = 0;
      each.dueAt = clock.now() + REPEAT_MS;
      backoff.reset();
      works();
    } catch (error) {
      if (!signal.aborted) failed(name, each, error);
    }
  };

  const schedule = (): void => {
    if (signal.aborted || working !== undefined) return;
    cancel?.();
    const next = told.next();
    if (next === undefined) return;
    const [name, each] = next;
    const now = clock.now();
    cancel = clock.after(Math.max(0, each.dueAt - now, pausedUntil - now, bucket.wait()), () => {
      working = work(name, each).finally(() => {
        working = undefined;
        schedule();
      });
    });
  };

  return {
    add(event) {
      if (told.note(eventName(event, node), event, clock.wall())) schedule();
      else onOutcome('dropped');
    },
    status: () => ({ waiting: told.waiting(), trouble }),
    async stop() {
      stopping.abort();
      cancel?.();
      await working;
    },
  };
};
