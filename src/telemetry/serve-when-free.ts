import { setTimeout as delay } from 'node:timers/promises';
import type { ListenAddress } from '../config/listen-address.ts';
import type { Logger } from './logger.ts';
import { ListenError, type TelemetryServer } from './server.ts';
import { TlsError } from './tls.ts';

const RETRY_MS = 500;
/** Where several agents start at once, the one that has the node gets the address: the others try later, ms. */
const PRECEDENCE_MS = 3_000;

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

  const pause = (ms: number): Promise<void> => delay(ms, undefined, { signal }).catch(() => undefined);

  const untilServing = async (): Promise<TelemetryServer | undefined> => {
    await pause(PRECEDENCE_MS);
    while (!signal.aborted) {
      try {
        return await serve();
      } catch (error) {
        if (!(error instanceof ListenError || error instanceof TlsError)) throw error;
        await pause(RETRY_MS);
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
