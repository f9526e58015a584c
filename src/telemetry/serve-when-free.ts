import { setTimeout as delay } from 'node:timers/promises';
import type { ListenAddress } from '../config/listen-address.ts';
import type { Logger } from './logger.ts';
import { ListenError, type TelemetryServer } from './server.ts';
import { TlsError } from './tls.ts';

const RETRY_MS = 500;

type Closable = Pick<TelemetryServer, 'close'>;

/** Serves at an address. @throws ListenError, TlsError */
export type Serve = (address: ListenAddress) => Promise<TelemetryServer>;

const serveOnce = async (address: ListenAddress, serve: Serve, log: Logger): Promise<TelemetryServer> => {
  const server = await serve(address);
  log.info('metrics, health and status are served', { url: server.url });
  return server;
};

const retry = (serve: () => Promise<TelemetryServer>): Closable => {
  const stopping = new AbortController();
  const { signal } = stopping;

  const untilServing = async (): Promise<TelemetryServer | undefined> => {
    while (!signal.aborted) {
      try {
        return await serve();
      } catch (error) {
        if (!(error instanceof ListenError || error instanceof TlsError)) throw error;
        await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    return undefined;
  };

  const serving = untilServing();
  return {
    async close() {
      stopping.abort();
      await (await serving)?.close();
    },
  };
};

/**
 * Serves at the address, if there is one; with `patient` as soon as it is free: the agent that has the node has its
 * address as well, and will go.
 * @throws ListenError, TlsError where not patient
 */
export const serveWhenFree = async (
  address: ListenAddress | undefined,
  serve: Serve,
  log: Logger,
  patient: boolean,
): Promise<Closable | undefined> => {
  if (address === undefined) return undefined;
  const tryOnce = (): Promise<TelemetryServer> => serveOnce(address, serve, log);
  return patient ? retry(tryOnce) : tryOnce();
};
