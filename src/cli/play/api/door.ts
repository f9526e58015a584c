import { writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RUN_FOLDER } from '../ground.ts';

/**
 * Connects the API server with the outside of the sandbox. A unix socket with a path can be reached across network
 * namespaces; it is in the sandbox's own /run, so that it goes with the sandbox in any case.
 */
const SOCKET = path.join(RUN_FOLDER, 'api-server.sock');

/** The file that tells the inside about the outside. */
export const NOTE = path.join(RUN_FOLDER, 'outside.json');

export interface OutsideNote {
  /** The TCP port on 127.0.0.1, outside, that leads to the API server. */
  readonly port: number;
  /** The path of the sandbox's files, seen from outside. */
  readonly root: string;
}

const RETRY_MS = 50;

const join = (one: Socket, other: Socket): void => {
  one.pipe(other).pipe(one);
  // When one connection ends for any reason, the other one ends too.
  one.on('error', () => other.destroy()).on('close', () => other.destroy());
  other.on('error', () => one.destroy()).on('close', () => one.destroy());
};

/** Inside: forwards connections from the unix socket to a TCP address. */
export const openInside = async (host: string, port: number): Promise<void> => {
  const server = createServer((connection) => {
    join(connection, connect({ host, port }));
  });
  server.listen(SOCKET);
  await once(server, 'listening');
};

export interface OutsideDoor {
  /** Takes the sandbox's root, once the sandbox has begun. */
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
      // The inside has not created its folder yet.
      await delay(RETRY_MS, undefined, { ref: false });
    }
  }
};

/** Outside: listens on a free port of 127.0.0.1 and forwards to the sandbox. */
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
