import { setTimeout as delay } from 'node:timers/promises';
import type { ListenAddress } from '../config/listen-address.ts';
import { messageOf } from '../model/message-of.ts';
import type { Logger } from './logger.ts';
import type { TelemetryServer } from './server.ts';

/** Time between two attempts to listen, ms. */
const RETRY_MS = 500;
/** Where several agents start at once, the one that has the node gets the address: the others try later, ms. */
const PRECEDENCE_MS = 3_000;

/** Serves at an address. @throws ListenError, TlsError */
export type Serve = (address: ListenAddress) => Promise<TelemetryServer>;

/** What `/status` says of the listener. */
export interface ListenerStatus {
  /** Where it listens; absent while it does not. */
  readonly url?: string;
  /** Attempts that failed since the agent started. */
  readonly failures: number;
  /** Why the last attempt failed; absent once it listens. */
  readonly trouble?: string;
}

/** A listener that comes up when it can. */
export interface Serving {
  status(): ListenerStatus;
  close(): Promise<void>;
}

export interface ServeWhenFreeOptions {
  readonly address: ListenAddress;
  readonly serve: Serve;
  readonly log: Logger;
  /** Whether another agent has the node: it has the address as well, so it goes first and a refusal is not told. */
  readonly isSecond: () => boolean;
  /** Called at each attempt that failed. */
  readonly onFailure: () => void;
}

/**
 * Listens, and tries again every 500 ms while that fails, whatever the reason: a port that another process has, an address
 * that no interface has yet, a certificate that is missing or broken. Returns at once and never throws: policy is enforced
 * without it.
 */
export const serveWhenFree = ({ address, serve, log, isSecond, onFailure }: ServeWhenFreeOptions): Serving => {
  const stopping = new AbortController();
  const { signal } = stopping;
  let status: ListenerStatus = { failures: 0 };

  const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal }).catch(() => undefined);

  let told: string | undefined;
  const noteFailure = (error: unknown): void => {
    const trouble = messageOf(error);
    status = { failures: status.failures + 1, trouble };
    onFailure();
    if (trouble === told || isSecond()) return;
    told = trouble;
    log.error('cannot serve metrics, health and status; policies are still enforced', { trouble });
  };

  const untilServing = async (): Promise<TelemetryServer | undefined> => {
    if (isSecond()) await pause(PRECEDENCE_MS);
    while (!signal.aborted) {
      try {
        const server = await serve(address);
        log.info('serving metrics, health and status', { url: server.url });
        status = { url: server.url, failures: status.failures };
        return server;
      } catch (error) {
        noteFailure(error);
        await pause(RETRY_MS);
      }
    }
    return undefined;
  };

  const serving = untilServing();
  return {
    status: () => status,
    async close() {
      stopping.abort();
      await (await serving)?.close();
    },
  };
};
