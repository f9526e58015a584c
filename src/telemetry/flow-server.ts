import { chmod, rename, unlink } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { messageOf } from '../model/message-of.ts';
import { printableJson } from '../model/printable.ts';
import { isWanted } from '../records/filter.ts';
import { type FlowAnswer, type FlowRequest, readRequest } from '../records/flow-request.ts';
import type { FlowRecord } from '../records/record.ts';

/** Serves records by a Unix socket. */
export interface FlowServer {
  /** A record came; cheap where nobody waits for any. */
  tell(record: FlowRecord): void;
  /** Ends with every connection; nobody can connect any more. */
  close(): Promise<void>;
}

/** Maximum number of characters in a request: it is one short line. */
const LONGEST_LINE = 4096;
/** Maximum time from a connection to its request. */
const SILENCE_MS = 10_000;
/** Maximum number of bytes that wait for a client that does not read. */
const MOST_UNREAD = 4 * 2 ** 20;
/** At a time. */
const MOST_CONNECTIONS = 16;

interface Watcher {
  readonly socket: Socket;
  readonly request: FlowRequest;
  lost: number;
}

const lineOf = (answer: FlowAnswer): string => `${printableJson(JSON.stringify(answer))}\n`;

/**
 * Listens on a socket that its owner alone can reach (mode 0600). It takes the place of one that is there: an agent that was killed
 * leaves its own behind.
 *
 * @param stored what is answered first
 * @param onWatch somebody waits for what comes, until the returned function is called
 * @throws the system's error where the socket cannot be made
 */
export const serveFlows = async (
  path: string,
  stored: (request: FlowRequest) => Promise<Iterable<FlowAnswer>>,
  onWatch: (request: FlowRequest) => () => void,
): Promise<FlowServer> => {
  const connections = new Set<Socket>();
  const watchers = new Set<Watcher>();

  const push = (watcher: Watcher, answer: FlowAnswer): void => {
    const { socket } = watcher;
    if (socket.writableLength > MOST_UNREAD) {
      watcher.lost += 1;
      return;
    }
    if (watcher.lost > 0) socket.write(lineOf({ lost: watcher.lost }));
    watcher.lost = 0;
    socket.write(lineOf(answer));
  };

  const answer = async (socket: Socket, request: FlowRequest): Promise<void> => {
    const watcher: Watcher = { socket, request, lost: 0 };
    for (const each of await stored(request)) {
      if (socket.destroyed) return;
      if (!socket.write(lineOf(each))) await drained(socket);
    }
    if (!request.watch) socket.end();
    else if (!socket.destroyed) {
      watchers.add(watcher);
      socket.once('close', onWatch(request));
    }
  };

  const converse = (socket: Socket): void => {
    let text = '';
    let asked = false;
    const refuse = (reason: string): void => {
      socket.end(lineOf({ error: reason }));
    };
    socket.setEncoding('utf8').setTimeout(SILENCE_MS, () => {
      if (!asked) socket.destroy();
    });
    // Whoever goes away is nobody's loss.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: string) => {
      if (asked) return;
      text += chunk;
      const end = text.indexOf('\n');
      asked = end >= 0 || text.length > LONGEST_LINE;
      if (!asked) return;
      try {
        if (end < 0) throw new RangeError(`longer than ${LONGEST_LINE} characters`);
        void answer(socket, readRequest(text.slice(0, end))).catch((error: unknown) => {
          refuse(messageOf(error));
        });
      } catch (error) {
        refuse(`the request cannot be read: ${messageOf(error)}`);
      }
    });
  };

  const server = createServer((socket) => {
    if (connections.size >= MOST_CONNECTIONS) {
      socket.destroy();
      return;
    }
    connections.add(socket);
    socket.once('close', () => {
      connections.delete(socket);
      for (const watcher of watchers) if (watcher.socket === socket) watchers.delete(watcher);
    });
    converse(socket);
  });
  // Nobody finds it under this name before its rights are right.
  const early = `${path}.${process.pid}`;
  await unlink(early).catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(early, () => {
      server.off('error', reject);
      resolve();
    });
  });
  try {
    await chmod(early, 0o600);
    await rename(early, path);
  } catch (error) {
    server.close();
    throw error;
  }

  return {
    tell(record) {
      for (const watcher of watchers) if (isWanted(record, watcher.request.filter)) push(watcher, { flow: record });
    },
    async close() {
      await unlink(path).catch(() => undefined);
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
};

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle).off('close', settle);
      resolve();
    };
    socket.once('drain', settle).once('close', settle);
  });
