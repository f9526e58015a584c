import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** One or two agents wait; further connections are not agents', and cost file descriptors. */
const MAX_WAITING = 16;
/** Maximum characters that are read of a holder's greeting. */
const MAX_GREETING = 400;

/** A name of abstract unix sockets that this process has. */
export interface Door {
  /** Gives up the name, which waiting agents notice at once. */
  close(): void;
}

/** Listens on the name, and greets each client. @returns undefined if another process has the name */
export const openDoor = async (name: string, greeting: string): Promise<Door | undefined> => {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    // Stays open, since its end is the signal. Nothing is read, and errors of clients do not matter.
    socket.on('error', () => socket.destroy()).once('close', () => waiting.delete(socket));
    socket.unref().write(greeting);
  });
  server.maxConnections = MAX_WAITING;
  // Without file descriptors accept(2) fails, which does not end the name.
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

/** Connects to the process that has the name. Resolves when it is gone, or at once if nothing answers. */
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
