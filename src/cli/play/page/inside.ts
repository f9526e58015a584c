import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describeFailure } from '../../failure.ts';
import { createLines } from '../../../model/lines.ts';
import { type FromPlayground, PAGE_SOCKET, type ToPlayground, type Wish } from './protocol.ts';

/** The way from the playground to its page. */
export interface InsidePage {
  /** Sends the newest state; what the page has of an older one is replaced. */
  publish(state: Omit<Extract<FromPlayground, { op: 'state' }>, 'op'>): void;
}

/** A page that reads more slowly than this many bytes behind gets only the newest state. */
const MAX_BEHIND = 8 << 20;

/** Listens for the page's server. @param fulfil does what a person wants, and says what came of it */
export const servePage = async (fulfil: (wish: Wish) => Promise<string>): Promise<InsidePage> => {
  let newest: string | undefined;
  const readers = new Set<Socket>();
  const answer = async (socket: Socket, line: string): Promise<void> => {
    const { id, ...wish } = JSON.parse(line) as ToPlayground;
    const told = await fulfil(wish).then(
      (message) => ({ message, isError: false }),
      (error: unknown) => ({ message: describeFailure(error), isError: true }),
    );
    const reply: FromPlayground = { op: 'answer', id, ...told };
    socket.write(`${JSON.stringify(reply)}\n`);
  };
  const server = createServer((socket) => {
    readers.add(socket);
    socket.setEncoding('utf8').on(
      'data',
      createLines((line) => void answer(socket, line)),
    );
    socket.on('close', () => readers.delete(socket)).on('error', () => socket.destroy());
    if (newest !== undefined) socket.write(newest);
  });
  server.listen(PAGE_SOCKET);
  await once(server, 'listening');
  return {
    publish(state) {
      newest = `${JSON.stringify({ op: 'state', ...state })}\n`;
      for (const reader of readers) if (reader.writableLength < MAX_BEHIND) reader.write(newest);
    },
  };
};
