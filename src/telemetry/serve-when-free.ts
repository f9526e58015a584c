import { setTimeout as delay } from 'node:timers/promises';
import type { ListenAddress } from '../config/listen-address.ts';
import { messageOf } from '../model/message-of.ts';
import type { Logger } from './logger.ts';
import type { TelemetryServer } from './server.ts';

/** Interval of attempts to listen. */
const RETRY_MS = 500;
/** If several agents start at once, the one that has the node gets the address: the others wait this long. */
const PRECEDENCE_MS = 3_000;

/** Serves at an address. @throws ListenError, TlsError */
export type Serve = (address: ListenAddress) => Promise<TelemetryServer>;

/** The state of the listener in `/status`. */
export interface ListenerStatus {
  /** Its URL; absent while it does not listen. */
  readonly url?: string;
  /** Number of failed attempts since the agent started. */
  readonly failures: number;
  /** Why the last attempt failed; absent once it listens. */
  readonly trouble?: string;
}

/** A listener that starts when it can. */
export interface Serving {
  status(): ListenerStatus;
  close(): Promise<void>;
}

export interface ServeWhenFreeOptions {
  readonly address: ListenAddress;
  readonly serve: Serve;
  readonly log: Logger;
  /** Reports whether another agent has the node, and so the address: then a failure is not logged. */
  readonly isSecond: () => boolean;
  /** Called for each failed attempt. */
  readonly onFailure: () => void;
}

/**
 * Listens, and tries again every 500 ms while that fails for any reason: another process has the port, no interface has the
 * address yet, a certificate is missing or invalid. Returns at once and never throws: policy is enforced without it.
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
