import type { Clock } from '../../model/clock.ts';
import type { Intern } from '../intern.ts';
import type { Resource } from '../resource.ts';
import { type KindStatus, UNHEARD } from '../source.ts';
import { createStore } from '../store.ts';
import { createBackoff } from './backoff.ts';
import type { ApiConnection } from './connection.ts';
import { createEmptyLists } from './empty-lists.ts';
import { describeFailure, failureCode, needsReconnect, needsRelist, retryAfterOf } from './failure.ts';
import { type Beginning, listFirst } from './first-list.ts';
import { type Listed, listAll } from './list.ts';
import { isOlderThan } from './resource-version.ts';
import { ensureResumable, HistoryError } from './resumable.ts';
import type { Session } from './session.ts';
import type { Timing } from './timing.ts';
import { wait } from './wait.ts';
import { watchFrom } from './watch.ts';

export interface ReflectorDeps {
  /** Returns the connection in use; after `reconnect`, a new one. */
  readonly connection: () => Promise<ApiConnection>;
  readonly reconnect: () => void;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly timing: Timing;
  readonly intern: Intern;
  readonly beginning: Beginning | undefined;
  /** Called when a list or watch fails, and with undefined when it works again. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** Follows one kind: lists, watches, and resumes after each end. The known state stays all the while. */
export interface Reflector<K extends string, T> {
  readonly objects: ReadonlyMap<K, T>;
  status(): KindStatus;
  /** Runs until the signal is aborted; never rejects. */
  run(onChange: (key: K) => void, signal: AbortSignal): Promise<void>;
}

export const createReflector = <K extends string, T>(
  resource: Resource<K, T>,
  deps: ReflectorDeps,
): Reflector<K, T> => {
  const { clock, random, timing } = deps;
  const store = createStore<K, T>(resource.same);
  const backoff = createBackoff(timing.backoffFirst, timing.backoffLimit, random);
  /** The resourceVersion to watch from; undefined if a full list is needed. */
  let from: string | undefined;
  /** Time of the first failure in a row; undefined while all works. */
  let troubledSince: number | undefined;
  /** Whether the server itself has reported `from` or a later version since the last failure. */
  let confirmed = false;
  /** Whether a list was requested. */
  let asked = false;
  const emptyLists = createEmptyLists(clock, timing.emptyConfirm);
  let openedAt: number | undefined;
  let status: KindStatus = UNHEARD;

  const setTrouble = (trouble: string | undefined): void => {
    troubledSince = trouble === undefined ? undefined : (troubledSince ?? clock.now());
    if (trouble === undefined && status.trouble === undefined) return;
    status = { ...status, trouble };
    deps.onTrouble(trouble);
  };

  const reached = (resourceVersion: string): void => {
    from = resourceVersion;
    confirmed = true;
    status = { ...status, resourceVersion };
  };

  const hasBeenLong = (): boolean => troubledSince !== undefined && clock.now() - troubledSince >= timing.resumeWithin;

  const wasStable = (): boolean => openedAt !== undefined && clock.now() - openedAt >= timing.stable;

  /**
   * Starts the early list, once, and only of a kind that is read as a stream: JSON in one piece would have to fit into
   * memory.
   */
  const ask = (session: Session): Promise<Listed<K, T>> => {
    const beginning = asked || resource.message === undefined ? undefined : deps.beginning;
    asked = true;
    return beginning === undefined ? listAll(session, resource, 'newest') : listFirst(session, resource, beginning);
  };

  const list = async (session: Session, onChange: (key: K) => void): Promise<string> => {
    const listed = await ask(session);
    emptyLists.judge(
      resource.path,
      listed.objects.size === 0,
      store.objects.size === 0 && !(resource.neverNone && !status.synced),
    );
    const changed = store.replace(listed.objects);
    status = { ...status, synced: true, listedNone: listed.objects.size === 0 };
    reached(listed.resourceVersion);
    setTrouble(undefined);
    changed.forEach(onChange);
    return listed.resourceVersion;
  };

  const listThenWatch = async (onChange: (key: K) => void, signal: AbortSignal): Promise<void> => {
    const connection = await deps.connection();
    const heard = (): void => {
      status = { ...status, lastHeardAt: clock.now() };
    };
    const session: Session = { connection, clock, timing, random, intern: deps.intern, signal, heard };
    if (from !== undefined && !confirmed) await ensureResumable(session, resource, from);
    const start = from ?? (await list(session, onChange));
    confirmed = false;
    await watchFrom(session, resource, start, {
      opened() {
        openedAt = clock.now();
        setTrouble(undefined);
      },
      changed(key, value) {
        if (value !== undefined && status.listedNone === true) status = { ...status, listedNone: false };
        if (store.put(key, value)) onChange(key);
      },
      reached(resourceVersion) {
        if (from !== undefined && isOlderThan(resourceVersion, from)) throw new HistoryError(resourceVersion, from);
        reached(resourceVersion);
      },
    });
    // Otherwise the agent would miss changes during the following wait, without any report.
    if (!wasStable()) throw new Error('the server closes the watch at once');
  };

  const pauseAfter = (failure: unknown): number => {
    if (wasStable()) backoff.reset();
    const asked = Math.min(retryAfterOf(failure), timing.retryAfterLimit) * (1 + random() / 4);
    const spread = from === undefined && status.synced ? random() * timing.relistJitter : 0;
    return Math.max(backoff.next(), asked, spread);
  };

  const noteFailure = (failure: unknown): void => {
    setTrouble(describeFailure(failure));
    const code = failureCode(failure);
    const errors = { ...status.errors, [code]: (status.errors[code] ?? 0) + 1 };
    status = { ...status, restarts: status.restarts + 1, errors };
    if (needsRelist(failure) || hasBeenLong()) from = undefined;
    confirmed = false;
    if (needsReconnect(failure)) deps.reconnect();
  };

  return {
    objects: store.objects,
    status: () => status,
    async run(onChange, signal) {
      const isOver = (): boolean => signal.aborted;
      while (!isOver()) {
        openedAt = undefined;
        try {
          await listThenWatch(onChange, signal);
        } catch (failure) {
          if (isOver()) return;
          noteFailure(failure);
          await wait(clock, pauseAfter(failure), signal);
        }
      }
    },
  };
};
