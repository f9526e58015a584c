import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Introduction, readIntroduction, writeIntroduction } from './introduction.ts';

/**
 * A name of abstract unix sockets (unix(7)): one process of a network namespace can listen on it, which is just as far as
 * an agent's rules reach; no file is needed, and the kernel frees it however that process ends.
 */
const NAME = '\0portcullis.agent';

/** Waiting agents are one or two; more connections are somebody else's, and cost file descriptors. */
const MAX_WAITING = 16;
/** How long to wait before the name is tried again, where nobody's end tells us when, ms. */
const RETRY_MS = 500;

export interface NodeLockDeps {
  readonly introduction: Introduction;
  /** Whether whoever has the name does an agent's work: anybody on the node may take a name. Asked again and again. */
  readonly isWorking: (signal: AbortSignal) => Promise<boolean>;
  /** Told once the node is ours: `shared` if somebody has the name who does not work. */
  readonly onHeld: (how: 'free' | 'taken over' | 'shared') => void;
  /** Told when another agent turns out to have the node. */
  readonly onWaiting: (holder: string) => void;
  /** Another name, for tests. */
  readonly name?: string;
}

/** Makes sure that one agent at a time works on a node. */
export interface NodeLock {
  /** This is the one. Stays so until `release`. */
  isHeld(): boolean;
  /** Who has the node, while it is not ours. */
  holder(): string;
  release(): Promise<void>;
}

/** The name, taken. */
interface Door {
  /** Gives the name back, and whoever waits hears of it. */
  close(): void;
}

/** @returns undefined where somebody else has the name. */
const tryToListen = async (name: string, greeting: string): Promise<Door | undefined> => {
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    // Stays open: its end is the news. Nothing is read, and nobody's trouble is ours.
    socket.on('error', () => socket.destroy()).once('close', () => waiting.delete(socket));
    socket.unref().write(greeting);
  });
  server.maxConnections = MAX_WAITING;
  server.listen({ path: name });
  try {
    await once(server, 'listening');
    return {
      close() {
        server.close();
        for (const socket of waiting) socket.destroy();
      },
    };
  } catch {
    return undefined;
  }
};

/**
 * Tries at once, and resolves with the outcome of that; goes on waiting where another agent has the node, and takes over
 * in the moment that one ends.
 */
export const createNodeLock = async (deps: NodeLockDeps): Promise<NodeLock> => {
  const { name = NAME } = deps;
  const greeting = writeIntroduction(deps.introduction);
  const stopping = new AbortController();
  const { signal } = stopping;
  let door: Door | undefined;
  let held = false;
  let holder = '';

  /** Watches whoever has the name. Resolves when that one is gone. */
  const watchHolder = async (): Promise<void> => {
    let said = '';
    const socket = connect({ path: name, signal });
    socket.setEncoding('utf8').on('data', (text: string) => {
      if (said.length < greeting.length + 200) said += text;
      if (!said.includes('\n')) return;
      const told = readIntroduction(said);
      if (told !== holder) deps.onWaiting((holder = told));
    });
    await new Promise<void>((resolve) => {
      socket.on('error', () => socket.destroy()).once('close', resolve);
    });
  };

  const hold = (how: 'free' | 'taken over' | 'shared'): void => {
    if (held || signal.aborted) return;
    held = true;
    deps.onHeld(how);
  };

  const untilListening = async (): Promise<void> => {
    while (!signal.aborted) {
      await watchHolder();
      door = await tryToListen(name, greeting);
      if (door !== undefined) {
        hold('taken over');
        return;
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  };

  const doubtHolder = async (): Promise<void> => {
    while (!held && !signal.aborted) {
      if (!(await deps.isWorking(signal))) hold('shared');
    }
  };

  door = await tryToListen(name, greeting);
  if (door !== undefined) hold('free');
  const waiting = door !== undefined ? Promise.resolve() : Promise.all([untilListening(), doubtHolder()]);

  return {
    isHeld: () => held,
    holder: () => holder,
    async release() {
      stopping.abort();
      await waiting;
      door?.close();
    },
  };
};
