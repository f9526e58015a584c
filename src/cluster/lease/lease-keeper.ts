import { text } from 'node:stream/consumers';
import type { LeaseHome } from '../../model/lease-home.ts';
import type { Clock } from '../../model/clock.ts';
import { ApiError } from '../api/api-error.ts';
import { createBackoff } from '../api/backoff.ts';
import type { Connect } from '../api/connection.ts';
import { describeFailure, retryAfterOf } from '../api/failure.ts';
import { get } from '../api/request.ts';
import { shareConnection } from '../api/shared-connection.ts';
import { wait } from '../api/wait.ts';
import { post, put } from '../api/write.ts';
import { asObject, asText } from '../raw.ts';
import { type LeaseContent, leaseName, leaseObject, leasesPath, RENEW_MS } from './agent-lease.ts';

export interface LeaseKeeperDeps {
  readonly connect: Connect;
  readonly clock: Clock;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  readonly home: LeaseHome;
  readonly node: string;
  /** Returns what the Lease has to say now; undefined while this agent has nothing to say, for another one has the node. */
  readonly content: () => LeaseContent | undefined;
  /** Called once for each kind of failure, and with undefined when renewing works again. */
  readonly onTrouble: (trouble: string | undefined) => void;
}

/** Renews the agent's own Lease. Nothing else waits for the API server. */
export interface LeaseKeeper {
  /** Takes the fact that the content may have changed: news is written within a second. Cheap. */
  note(): void;
  status(): { readonly renewedAt: string | undefined; readonly trouble: string | undefined };
  stop(): Promise<void>;
}

/** Minimum interval of writes. */
const AT_MOST_MS = 1_000;
/** Spreads the writes of a cluster's agents after a change that all of them apply. */
const SPREAD_MS = 500;
const TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;

const RIGHTS = 'create, get and update on leases in coordination.k8s.io';

/** The part of the content that is worth a write of its own. */
const newsOf = (content: LeaseContent | undefined): string =>
  content === undefined ? '' : [content.level, content.networkpolicies, ...content.faulty].join(' ');

export const startLeaseKeeper = (deps: LeaseKeeperDeps): LeaseKeeper => {
  const { clock, random, home, node, content, onTrouble } = deps;
  const connection = shareConnection(deps.connect);
  const stopping = new AbortController();
  const { signal } = stopping;
  const backoff = createBackoff(FIRST_RETRY_MS, LONGEST_RETRY_MS, random);
  const path = `${leasesPath(home.namespace)}/${encodeURIComponent(leaseName(home, node))}`;
  const acquiredAt = clock.wall();
  let trouble: string | undefined;
  let renewedAt: string | undefined;
  let resourceVersion: string | undefined;
  let nodeUid: string | undefined;
  let written = '';
  /** Ends the current wait; undefined while none can be ended. */
  let wake: (() => void) | undefined;

  const setTrouble = (now: string | undefined): void => {
    if (now === trouble) return;
    trouble = now;
    onTrouble(now);
  };

  const read = async (from: string): Promise<unknown> => {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
    return connection.use(async (current) => {
      const response = await get(current, from, {}, 'application/json', patience);
      return JSON.parse(await text(response)) as unknown;
    });
  };

  const uidOf = async (): Promise<string | undefined> => {
    try {
      return asText(asObject(asObject(await read(`/api/v1/nodes/${encodeURIComponent(node)}`))['metadata'])['uid']);
    } catch (error) {
      // Without it the Lease stays when the Node goes.
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  };

  const versionOf = (lease: unknown): string | undefined =>
    asText(asObject(asObject(lease)['metadata'])['resourceVersion']);

  const store = async (now: LeaseContent): Promise<void> => {
    nodeUid ??= await uidOf();
    const facts = { home, node, nodeUid, content: now, acquiredAt, renewedAt: clock.wall(), resourceVersion };
    const request = { body: leaseObject(facts), rights: RIGHTS, timeoutMs: TIMEOUT_MS, signal };
    const answer = await connection.use((current) =>
      resourceVersion === undefined
        ? post(current, { ...request, path: leasesPath(home.namespace) })
        : put(current, { ...request, path }),
    );
    resourceVersion = versionOf(answer);
    renewedAt = facts.renewedAt;
    written = newsOf(now);
  };

  /** Renews the Lease. One of an earlier agent, or one that somebody changed or deleted, is read first. */
  const renew = async (now: LeaseContent): Promise<void> => {
    try {
      await store(now);
    } catch (error) {
      if (!(error instanceof ApiError) || ![404, 409].includes(error.code)) throw error;
      if (error.code === 404 && resourceVersion === undefined) throw error;
      resourceVersion = error.code === 404 ? undefined : versionOf(await read(path));
      await store(now);
    }
  };

  /** Waits, and no longer than until there is news. */
  const pause = async (ms: number): Promise<void> => {
    const interrupting = new AbortController();
    const least = clock.now() + AT_MOST_MS;
    wake = () => {
      interrupting.abort();
    };
    await wait(clock, ms, AbortSignal.any([signal, interrupting.signal]));
    wake = undefined;
    if (!interrupting.signal.aborted) return;
    await wait(clock, Math.max(0, least - clock.now()) + random() * SPREAD_MS, signal);
  };

  const attempt = async (): Promise<number> => {
    const now = content();
    if (now === undefined) return AT_MOST_MS;
    try {
      await renew(now);
      backoff.reset();
      setTrouble(undefined);
      return RENEW_MS * (0.9 + random() / 5);
    } catch (error) {
      if (!signal.aborted) setTrouble(describeFailure(error));
      return Math.max(backoff.next(), Math.min(retryAfterOf(error), RENEW_MS));
    }
  };

  const run = async (): Promise<void> => {
    // Whoever asks for the content may need what this function returns.
    await wait(clock, 1, signal);
    while (!signal.aborted) {
      const ms = await attempt();
      // What came meanwhile waits no longer than what comes later.
      if (trouble === undefined && newsOf(content()) !== written) await wait(clock, AT_MOST_MS, signal);
      else await pause(ms);
    }
  };
  const running = run();

  return {
    note() {
      if (wake === undefined || trouble !== undefined || newsOf(content()) === written) return;
      wake();
      wake = undefined;
    },
    status: () => ({ renewedAt, trouble }),
    async stop() {
      stopping.abort();
      await running;
    },
  };
};
