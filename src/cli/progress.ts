import type { CliIo } from './verb.ts';

/** One line on a terminal that says what takes long. It is there after a second and goes when the work is over. */
export interface Progress {
  /** @param part how much of it is done, 0 to 1 */
  at(what: string, part?: number): void;
  /** Says what begins and cannot tell how far it is: the line is there at once. */
  begin(what: string): void;
  /** Erases the line, before something else is written. */
  hide(): void;
}

const SILENT: Progress = { at: () => undefined, begin: () => undefined, hide: () => undefined };
const FIRST_MS = 1_000;
const EVERY_MS = 200;
/** Erases the line (ECMA-48 EL). */
const ERASE = '\r\u001b[K';

/** @param isTerminal elsewhere nothing is written: a line that changes is none in a file */
export const createProgress = (io: CliIo, isTerminal: boolean, now: () => number = Date.now): Progress => {
  if (!isTerminal) return SILENT;
  let next = now() + FIRST_MS;
  let isShown = false;
  const show = (text: string): void => {
    next = now() + EVERY_MS;
    isShown = true;
    io.err(`${ERASE}${text} …`);
  };
  return {
    at(what, part) {
      if (now() >= next) show(part === undefined ? what : `${what} ${Math.floor(part * 100)} %`);
    },
    begin: show,
    hide() {
      if (isShown) io.err(ERASE);
      isShown = false;
    },
  };
};
