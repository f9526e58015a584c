import type { Socket } from 'node:net';
import { messageOf } from '../model/message-of.ts';
import { printableJson } from '../model/printable.ts';
import { isWanted } from '../records/filter.ts';
import { type FlowAnswer, type FlowRequest, readRequest } from '../records/flow-request.ts';
import type { FlowRecord } from '../records/record.ts';
import { type LineServer, serveLines } from './line-server.ts';

/** Serves records by a Unix socket. */
export interface FlowServer extends LineServer {
  /** A record came; cheap where nobody waits for any. */
  tell(record: FlowRecord): void;
}

/** Maximum number of characters in a request: it is one short line. */
const LONGEST_LINE = 4096;
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

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const settle = (): void => {
      socket.off('drain', settle).off('close', settle);
      resolve();
    };
    socket.once('drain', settle).once('close', settle);
  });

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

/**
 * Serves `portcullis flows` by a Unix socket, see serveLines.
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
  const watchers = new Set<Watcher>();

  const answer = async (socket: Socket, request: FlowRequest): Promise<void> => {
    for (const each of await stored(request)) {
      if (socket.destroyed) return;
      if (!socket.write(lineOf(each))) await drained(socket);
    }
    if (!request.watch) socket.end();
    else if (!socket.destroyed) {
      const watcher: Watcher = { socket, request, lost: 0 };
      const end = onWatch(request);
      watchers.add(watcher);
      socket.once('close', () => {
        watchers.delete(watcher);
        end();
      });
    }
  };

  const server = await serveLines(path, {
    longestLine: LONGEST_LINE,
    mostConnections: MOST_CONNECTIONS,
    refusal: (reason) => lineOf({ error: reason }),
    onLine(line, socket) {
      void answer(socket, readRequest(line)).catch((error: unknown) => {
        socket.end(lineOf({ error: messageOf(error) }));
      });
    },
  });

  return {
    tell(record) {
      for (const watcher of watchers) if (isWanted(record, watcher.request.filter)) push(watcher, { flow: record });
    },
    close: server.close,
  };
};
