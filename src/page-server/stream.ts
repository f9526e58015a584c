import type { Writable } from 'node:stream';
import type { Journal, Message } from '../page/journal.ts';

/** Sends the changes of a state to readers, each at its own speed. */
export interface Hub {
  /** Sends messages that the journal has already. */
  send(messages: readonly Message[]): void;
  /** Adds a reader until it is closed. @param last what it has already */
  add(reader: Writable, epoch: string | undefined, last: number): void;
  close(): void;
}

/** A reader that has this many bytes to read yet gets the whole state later, not a queue. */
const MAX_BEHIND = 1 << 20;
const ALIVE_MS = 5_000;

const line = (message: Message): string => `${JSON.stringify(message)}\n`;

/** @param now in ms since the epoch */
export const createHub = (journal: Journal, now: () => number): Hub => {
  /** Readers, and whether each is so far behind that changes are withheld from it. */
  const readers = new Map<Writable, boolean>();

  const write = (reader: Writable, message: Message): void => {
    if (readers.get(reader) === true) return;
    if (reader.writableLength <= MAX_BEHIND) {
      reader.write(line(message));
      return;
    }
    readers.set(reader, true);
    reader.once('drain', () => {
      readers.set(reader, false);
      reader.write(line(journal.state()));
    });
  };
  const timer = setInterval(() => {
    for (const reader of readers.keys()) write(reader, { op: 'alive', at: now() });
  }, ALIVE_MS);
  timer.unref();

  return {
    send(messages) {
      for (const reader of readers.keys()) for (const message of messages) write(reader, message);
    },
    add(reader, epoch, last) {
      readers.set(reader, false);
      reader.on('close', () => readers.delete(reader));
      reader.write(line({ op: 'alive', at: now() }));
      for (const message of journal.after(epoch, last)) reader.write(line(message));
    },
    close() {
      clearInterval(timer);
      for (const reader of readers.keys()) reader.end();
    },
  };
};
