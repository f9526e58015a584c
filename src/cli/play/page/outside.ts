import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Asset } from '../../../page-server/assets.ts';
import { startPageServer } from '../../../page-server/page-server.ts';
import { createLines } from '../../../model/lines.ts';
import { type FromPlayground, PAGE_SOCKET, type ToPlayground, type Wish } from './protocol.ts';

const RETRY_MS = 50;
/** A wish takes as long as a change needs to come into force on every node. */
const WISH_MS = 60_000;

/** The page of a playground, outside of its sandbox. */
export interface OutsidePage {
  /** Takes the sandbox's root, once the sandbox has begun. */
  attach(root: string): void;
  close(): void;
}

const connectTo = async (root: string, isClosed: () => boolean): Promise<Socket | undefined> => {
  while (!isClosed()) {
    const socket = connect(path.join(root, PAGE_SOCKET));
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    if (isOpen) return socket;
    // The inside has not created its socket yet.
    await delay(RETRY_MS, undefined, { ref: false });
  }
  return undefined;
};

/** Serves the page of a playground. @param onLink see PageServerOptions */
export const openPage = async (
  assets: ReadonlyMap<string, Asset>,
  port: number,
  onLink: (link: string) => void,
): Promise<OutsidePage> => {
  let socket: Socket | undefined;
  let isClosed = false;
  let last = 0;
  const waiting = new Map<number, (answer: Extract<FromPlayground, { op: 'answer' }>) => void>();

  const wish = (wanted: Wish): Promise<string> =>
    new Promise((resolve, reject) => {
      const id = (last += 1);
      if (socket === undefined) {
        reject(new Error('the playground has not begun'));
        return;
      }
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error(`the playground did not answer within ${WISH_MS / 1000} s`));
      }, WISH_MS);
      waiting.set(id, ({ message, isError }) => {
        clearTimeout(timer);
        waiting.delete(id);
        if (isError) reject(new Error(message));
        else resolve(message);
      });
      const line: ToPlayground = { ...wanted, id };
      socket.write(`${JSON.stringify(line)}\n`);
    });

  const server = await startPageServer({
    assets,
    port,
    onLink,
    actions: {
      apply: (yaml) => wish({ op: 'apply', yaml }),
      tell: (story, step) => wish({ op: 'tell', story, step }),
      attempt: (connection) => wish({ op: 'try', ...connection }),
    },
  });
  const onLine = (line: string): void => {
    const message = JSON.parse(line) as FromPlayground;
    if (message.op === 'state') server.publish(message.meta, message.entries);
    else waiting.get(message.id)?.(message);
  };
  return {
    attach(root) {
      void connectTo(root, () => isClosed).then((connected) => {
        if (connected === undefined) return;
        socket = connected;
        connected.setEncoding('utf8').on('data', createLines(onLine));
        connected.on('error', () => connected.destroy());
      });
    },
    close() {
      isClosed = true;
      socket?.destroy();
      server.close();
    },
  };
};
