import { chmod, rename, unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { messageOf } from '../model/message-of.ts';

/** A Unix socket whose clients send one line each. */
export interface LineServer {
  /** Closes the socket and every connection. */
  close(): Promise<void>;
}

export interface LineServerOptions {
  /** Maximum number of characters in a line. */
  readonly longestLine: number;
  /** Maximum number of connections at a time; any number if absent. */
  readonly mostConnections?: number;
  /** Takes a client's line, and answers on its socket. What it throws refuses the line. */
  readonly onLine: (line: string, socket: Socket) => void;
  /** The answer to a line that cannot be read. */
  readonly refusal: (reason: string) => string;
}

/** A client that sends nothing is disconnected after this time. */
const SILENCE_MS = 10_000;

const converse = (socket: Socket, { longestLine, onLine, refusal }: LineServerOptions): void => {
  let text = '';
  let asked = false;
  socket.setEncoding('utf8').setTimeout(SILENCE_MS, () => {
    if (!asked) socket.destroy();
  });
  // The error of a client that goes away does not matter.
  socket.on('error', () => undefined);
  socket.on('data', (chunk: string) => {
    if (asked) return;
    text += chunk;
    const end = text.indexOf('\n');
    asked = end >= 0 || text.length > longestLine;
    if (!asked) return;
    try {
      if (end < 0) throw new RangeError(`longer than ${longestLine} characters`);
      onLine(text.slice(0, end), socket);
    } catch (error) {
      socket.end(refusal(`the request cannot be read: ${messageOf(error)}`));
    }
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
 * @throws the system's error if the socket cannot be made
 */
export const serveLines = async (path: string, options: LineServerOptions): Promise<LineServer> => {
  const { mostConnections = Number.POSITIVE_INFINITY } = options;
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    if (connections.size >= mostConnections) {
      socket.destroy();
      return;
    }
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    converse(socket, options);
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
