import { readFile, rename } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../model/clock.ts';
import { messageOf } from '../model/message-of.ts';
import { fileText, linesOfFile } from '../records/store-file.ts';
import type { FlowStore } from '../records/store.ts';
import type { Logger } from '../telemetry/logger.ts';

/** Keeps the records in a file, so that the next agent in this pod goes on with them. */
export interface RecordsFile {
  /** Takes what an agent before has written. Never rejects. */
  load(): Promise<void>;
  /** Writes every minute from now on. */
  start(): void;
  /** Why there is nothing from the time before; undefined where there is. */
  notKept(): string | undefined;
  /** Writes once more. */
  stop(): Promise<void>;
}

const EVERY_MS = 60_000;
const FILE = 'records.jsonl';

const isMissing = (error: unknown): boolean => (error as { code?: unknown }).code === 'ENOENT';

export const createRecordsFile = (
  folder: string,
  store: FlowStore,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): RecordsFile => {
  const file = path.join(folder, FILE);
  let notKept: string | undefined;
  let isLoaded = false;
  let cancel = (): void => undefined;
  let writing: Promise<void> = Promise.resolve();
  let trouble: string | undefined;
  let stopped = false;

  const write = async (): Promise<void> => {
    // Before that it would replace the file that must still be read.
    if (!isLoaded) return;
    try {
      // Taken line by line: what comes meanwhile may be in it or not.
      await pipeline(Readable.from(fileText(store.dump())), createWriteStream(`${file}.tmp`, { mode: 0o600 }));
      await rename(`${file}.tmp`, file);
      trouble = undefined;
    } catch (error) {
      const message = messageOf(error);
      if (message !== trouble)
        log.warn('the records cannot be written; they are in memory alone', { file, error: message });
      trouble = message;
    }
  };

  const work = (): void => {
    writing = write().finally(() => {
      if (!stopped) cancel = clock.after(EVERY_MS, work);
    });
  };

  return {
    async load() {
      if (isLoaded) return;
      try {
        store.load(linesOfFile(await readFile(file, 'utf8')));
      } catch (error) {
        notKept = isMissing(error)
          ? 'there are none from before: the pod is new'
          : `the file is not used: ${messageOf(error)}`;
        if (isMissing(error)) log.info('records of refused connections begin now', { file });
        else log.warn('records from before are lost', { file, error: messageOf(error) });
      }
      isLoaded = true;
    },
    start() {
      cancel = clock.after(EVERY_MS, work);
    },
    notKept: () => notKept,
    async stop() {
      stopped = true;
      cancel();
      await writing;
      await write();
    },
  };
};
