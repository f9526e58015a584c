import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RUN_FOLDER } from '../ground.ts';

/**
 * A way to the API server from outside the sandbox. A unix socket with a path can be reached across network namespaces; it
 * lies in the sandbox's own /run, so nothing of it is left when the sandbox is gone, however it ends.
 */
const SOCKET = path.join(RUN_FOLDER, 'api-server.sock');

/** Tells the inside how it looks from outside. */
export const NOTE = path.join(RUN_FOLDER, 'outside.json');

export interface OutsideNote {
  /** The TCP port on 127.0.0.1, outside, that leads to the API server. */
  readonly port: number;
  /** Where the sandbox's files are, seen from outside. */
  readonly root: string;
}

const RETRY_MS = 50;

const join = (one: Socket, other: Socket): void => {
  one.pipe(other).pipe(one);
  // The end of one connection, whatever the reason, is the end of the other.
  one.on('error', () => other.destroy()).on('close', () => other.destroy());
  other.on('error', () => one.destroy()).on('close', () => one.destroy());
};

/** Inside: leads whoever comes to the unix socket on to a TCP address. */
export const openInside = async (host: string, port: number): Promise<void> => {
  const server = createServer((connection) => {
    join(connection, connect({ host, port }));
  });
  server.listen(SOCKET);
  await once(server, 'listening');
};

export interface OutsideDoor {
  /** To be called with the sandbox's root, once it has begun. */
  attach(root: string): void;
  close(): void;
}

const leaveNote = async (server: Server, root: string, isClosed: () => boolean): Promise<void> => {
  const { port } = server.address() as AddressInfo;
  const note: OutsideNote = { port, root };
  while (!isClosed()) {
    try {
      await writeFile(path.join(root, NOTE), JSON.stringify(note));
      return;
    } catch {
      // The inside has not made its folder yet.
      await delay(RETRY_MS, undefined, { ref: false });
    }
  }
};

/** Outside: listens on a free port of 127.0.0.1 and leads to the sandbox. */
export const openOutside = async (): Promise<OutsideDoor> => {
  let root = '';
  let closed = false;
  const server = createServer((connection) => {
    join(connection, connect(path.join(root, SOCKET)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    attach(sandboxRoot) {
      root = sandboxRoot;
      void leaveNote(server, sandboxRoot, () => closed);
    },
    close() {
      closed = true;
      server.close();
    },
  };
};
