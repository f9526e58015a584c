import { setTimeout as delay } from 'node:timers/promises';
import { type ClientSettings, createAdminClient } from './client.ts';
import { type Daemon, logTail } from './daemon.ts';

/** A start takes about 3 s; on a busy machine several times that. */
const READY_MS = 120_000;
const POLL_MS = 50;

/** Reports whether the server is ready and has the default namespace. */
const isReady = async (client: ClientSettings): Promise<boolean> => {
  const probe = createAdminClient(client);
  try {
    await probe.get('/readyz');
    await probe.get('/api/v1/namespaces/default');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
};

/**
 * Waits until an API server is ready.
 *
 * @param settings called before each attempt; returns undefined until the certificate exists
 * @throws Error with the daemon's last output if it ended, or was not ready in time
 */
export const untilReady = async (
  daemon: Daemon,
  settings: () => Promise<ClientSettings | undefined>,
): Promise<ClientSettings> => {
  const deadline = performance.now() + READY_MS;
  let end: string | undefined;
  void daemon.ended.then((reason) => {
    end = reason;
  });
  for (;;) {
    const client = await settings();
    if (client !== undefined && (await isReady(client))) return client;
    if (performance.now() > deadline) end ??= `${daemon.name} was not ready after ${READY_MS / 1000} s`;
    if (end !== undefined) throw new Error(`${end}; its last words:\n${await logTail(daemon)}`);
    await delay(POLL_MS);
  }
};
