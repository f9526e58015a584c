import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';

/** `node flood-inside.ts FROM TO COUNT`: sends datagrams from one address to another, each on a connection of its own. */

const [from = '', to = '', text = ''] = process.argv.slice(2);
const count = Number(text);
const PORTS = 60_000;
const FIRST_SOURCE_PORT = 20_000;
/** Datagrams per tick; together 20,000 a second. */
const BURST = 200;
const PAUSE_MS = 10;

const sockets = await Promise.all(
  Array.from({ length: Math.ceil(count / PORTS) }, async (_, at) => {
    const socket = createSocket('udp4');
    // Most get an ICMP error, since nothing listens.
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => {
      socket.bind(FIRST_SOURCE_PORT + at, from, resolve);
    });
    return socket;
  }),
);

for (let sent = 0; ; sent += BURST) {
  for (let more = 0; more < BURST; more += 1) {
    const nth = (sent + more) % count;
    sockets[Math.floor(nth / PORTS)]?.send('x', 1 + (nth % PORTS), to, () => undefined);
  }
  await delay(PAUSE_MS);
}
