import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Waiting agents are one or two; more connections are somebody else's, and cost file descriptors. */
const MAX_WAITING = 16;
/** What a holder says is read up to this, characters. */
const MAX_GREETING = 400;

/** A name of abstract unix sockets, taken. */
export interface Door {
  /** Gives the name back, which whoever waits for it notices at once. */
  close(): void;
}

/** Listens on the name, and greets whoever connects. @returns undefined where another process has the name. */
export const openDoor = async (name: string, greeting: string): Promise<Door | undefined> => {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    // Stays open: its end is the news. Nothing is read, and nobody's trouble is ours.
    socket.on('error', () => socket.destroy()).once('close', () => waiting.delete(socket));
    socket.unref().write(greeting);
  });
  server.maxConnections = MAX_WAITING;
  // Where there are no file descriptors left, accept(2) fails: that is no end of the name.
  server.listen({ path: name });
  try {
    await once(server, 'listening');
  } catch {
    return undefined;
  }
  server.on('error', () => undefined);
  return {
    close() {
      server.close();
      for (const socket of waiting) socket.destroy();
    },
  };
};

/** Connects to whoever has the name. Resolves when that one is gone, or at once where nobody can be reached. */
export const watchDoor = async (
  name: string,
  onGreeting: (line: string) => void,
  signal: AbortSignal,
): Promise<void> => {
  let said = '';
  const socket = connect({ path: name, signal });
  socket.setEncoding('utf8').on('data', (text: string) => {
    if (said.includes('\n') || said.length > MAX_GREETING) return;
    said += text;
    if (said.includes('\n')) onGreeting(said);
  });
  await new Promise<void>((resolve) => {
    socket.on('error', () => socket.destroy()).once('close', () => resolve());
  });
};
