import type { Clock } from '../../model/clock.ts';
import { ApiError } from '../api/api-error.ts';
import type { Connect } from '../api/connection.ts';
import { describeFailure } from '../api/failure.ts';
import { readOne } from '../api/read-all.ts';
import { shareConnection } from '../api/shared-connection.ts';
import { wait } from '../api/wait.ts';
import { post, put } from '../api/write.ts';
import { asObject, asText } from '../raw.ts';
import { leasesPath, microTime } from './agent-lease.ts';

export interface LeaderDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** Name of this candidate; another one has another name. */
  readonly identity: string;
  readonly onChange: (isLeader: boolean) => void;
  /** Called once for each kind of failure, and with undefined when requests work again. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** One of several candidates, of which one at a time is the leader. */
export interface Leader {
  /** Reports whether this candidate is the leader. False in time: before another one may take over. */
  isLeader(): boolean;
  /** Gives the Lease up, so that another candidate takes over at once. */
  stop(): Promise<void>;
}

/** As in client-go (tools/leaderelection): another candidate takes a Lease over that was not renewed for this long. */
const LEASE_SECONDS = 15;
/** A leader whose renewals fail for this long is none any more. */
const RENEW_WITHIN_MS = 10_000;
const RETRY_MS = 2_000;
const TIMEOUT_MS = 5_000;

interface Record {
  readonly holder: string;
  readonly resourceVersion: string;
  readonly durationMs: number;
  readonly transitions: number;
  readonly acquireTime: string;
}

const readRecord = (lease: unknown): Record => {
  const { metadata, spec } = asObject(lease);
  const { holderIdentity, leaseDurationSeconds, leaseTransitions, acquireTime } = asObject(spec);
  return {
    holder: asText(holderIdentity) ?? '',
    resourceVersion: asText(asObject(metadata)['resourceVersion']) ?? '',
    durationMs: (typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds : LEASE_SECONDS) * 1000,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    acquireTime: asText(acquireTime) ?? '',
  };
};

/** Takes part in an election by a Lease. Compares no clocks: a Lease is abandoned if it did not change for its duration. */
export const startLeader = (deps: LeaderDeps): Leader => {
  const { clock, namespace, name, identity, onChange, onTrouble } = deps;
  const connection = shareConnection(deps.connect);
  const stopping = new AbortController();
  const { signal } = stopping;
  const path = `${leasesPath(namespace)}/${encodeURIComponent(name)}`;
  let seen: Record | undefined;
  let seenAt = clock.now();
  let renewedAt = Number.NEGATIVE_INFINITY;
  let wasLeader = false;
  let trouble: string | undefined;

  const isLeader = (): boolean => clock.now() - renewedAt < RENEW_WITHIN_MS;

  const note = (): void => {
    if (isLeader() === wasLeader) return;
    wasLeader = !wasLeader;
    onChange(wasLeader);
  };

  const observe = (lease: unknown): Record => {
    const now = readRecord(lease);
    if (now.resourceVersion !== seen?.resourceVersion) seenAt = clock.now();
    seen = now;
    return now;
  };

  const bodyOf = (holder: string, before: Record | undefined): object => {
    const now = microTime(clock.wall());
    const isSame = before?.holder === identity && before.acquireTime !== '';
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        namespace,
        ...(before === undefined ? {} : { resourceVersion: before.resourceVersion }),
        labels: { 'app.kubernetes.io/name': 'portcullis', 'app.kubernetes.io/component': 'controller' },
      },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: LEASE_SECONDS,
        acquireTime: isSame ? before.acquireTime : now,
        renewTime: now,
        leaseTransitions: (before?.transitions ?? -1) + (isSame ? 0 : 1),
      },
    };
  };

  const read = async (): Promise<Record | undefined> => {
    try {
      const lease = await connection.use((current) =>
        readOne(current, path, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])),
      );
      return observe(lease);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  };

  const write = async (holder: string, before: Record | undefined, until?: AbortSignal): Promise<void> => {
    const request = {
      body: bodyOf(holder, before),
      rights: 'create, get and update on leases in coordination.k8s.io',
      timeoutMs: TIMEOUT_MS,
      ...(until === undefined ? {} : { signal: until }),
    };
    const answer = await connection.use((current) =>
      before === undefined
        ? post(current, { ...request, path: leasesPath(namespace) })
        : put(current, { ...request, path }),
    );
    observe(answer);
  };

  const attempt = async (): Promise<void> => {
    const startedAt = clock.now();
    const before = await read();
    const isOthers = before !== undefined && before.holder !== identity && before.holder !== '';
    if (isOthers && clock.now() - seenAt < before.durationMs) {
      renewedAt = Number.NEGATIVE_INFINITY;
      return;
    }
    await write(identity, before, signal);
    // The duration counts from before the request: another candidate may have seen it at once.
    renewedAt = startedAt;
  };

  const isOver = (): boolean => signal.aborted;

  const run = async (): Promise<void> => {
    while (!isOver()) {
      try {
        await attempt();
        if (trouble !== undefined) onTrouble(undefined);
        trouble = undefined;
      } catch (error) {
        const words = describeFailure(error);
        // 409: another candidate was faster.
        const isLost = error instanceof ApiError && error.code === 409;
        if (!isOver() && !isLost && words !== trouble) onTrouble(words);
        if (!isLost) trouble = words;
      }
      note();
      await wait(clock, RETRY_MS, signal);
    }
  };
  const running = run();

  return {
    isLeader,
    async stop() {
      const led = isLeader();
      stopping.abort();
      await running;
      renewedAt = Number.NEGATIVE_INFINITY;
      note();
      // A failure only means that the next one waits for the Lease's duration.
      if (led && seen !== undefined) await write('', seen).catch(() => undefined);
    },
  };
};
