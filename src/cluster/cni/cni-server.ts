import { chmod, rename, unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '../error-text.ts';
import { type CniRequest, parseCniRequest } from './cni-request.ts';

/** The answer to the plugin: the pod may start, or the reason why not. */
export type CniAnswer = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface CniServer {
  /** Closes the socket and every connection. */
  close(): Promise<void>;
}

/** In characters. A result has a few kB. */
const LONGEST_LINE = 1024 * 1024;
/** A client that sends nothing is disconnected after this time. */
const SILENCE_MS = 10_000;

const converse = (socket: Socket, answer: (request: CniRequest) => Promise<CniAnswer>): void => {
  let text = '';
  let asked = false;
  const reply = (what: CniAnswer): void => {
    socket.end(`${JSON.stringify(what)}\n`);
  };
  const refuse = (reason: string): void => {
    reply({ ok: false, reason: `the request cannot be read: ${reason}` });
  };
  socket.setEncoding('utf8').setTimeout(SILENCE_MS, () => {
    if (!asked) socket.destroy();
  });
  // The error of a plugin that was killed does not matter.
  socket.on('error', () => undefined);
  socket.on('data', (chunk: string) => {
    if (asked) return;
    text += chunk;
    const end = text.indexOf('\n');
    asked = end >= 0 || text.length > LONGEST_LINE;
    if (end < 0) {
      if (asked) refuse(`longer than ${LONGEST_LINE} characters`);
      return;
    }
    let request: CniRequest;
    try {
      request = parseCniRequest(text.slice(0, end));
    } catch (error) {
      refuse(messageOf(error));
      return;
    }
    answer(request).then(reply, (error: unknown) => {
      reply({ ok: false, reason: messageOf(error) });
    });
  });
};

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });

/**
 * Listens on a Unix socket that only its owner can reach (mode 0600). Replaces an existing one: an agent that was killed
 * leaves its socket behind.
 *
 * @param answer called for each request; the message of its error is the reason in the answer
 * @throws the system's error if the socket cannot be made
 */
export const serveCni = async (
  path: string,
  answer: (request: CniRequest) => Promise<CniAnswer>,
): Promise<CniServer> => {
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    converse(socket, answer);
  });
  // The socket gets its final name only after its mode is set.
  const early = `${path}.${process.pid}`;
  await unlink(early).catch(() => undefined);
  await listen(server, early);
  try {
    await chmod(early, 0o600);
    await rename(early, path);
  } catch (error) {
    server.close();
    throw error;
  }
  return {
    async close() {
      await unlink(path).catch(() => undefined);
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
};
