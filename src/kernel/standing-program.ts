import { commandFailure, endlessCommand, GRACE_MS } from './command.ts';
import type { Companion, StartCompanion } from './companion.ts';

/** A line, and what the program prints when it comes to it: everything before it is carried out by then. */
export interface Echo {
  readonly line: string;
  readonly answer: string;
}

/** A program that carries out its input line by line and ends, with an exit code, at the first that it cannot carry out. */
export interface LineProgram {
  readonly file: string;
  /** As it is run for one text. */
  readonly args: readonly string[];
  /** As it is started to take one text after another. */
  readonly standingArgs: readonly string[];
  /** What follows the text; undefined for a text whose end it could not tell. The empty text is asked for first of all. */
  echo(text: string): Echo | undefined;
}

/** One run of a program that stays, and takes one text after another. */
export interface StandingProgram {
  /** Whether it would carry out this text now. It starts, if it is not there, so that it may the next time. */
  takes(text: string): boolean;
  /**
   * To be called where it takes the text, at once. Resolves once the program has said that it is through with it.
   *
   * @throws CommandError as running it for this text alone would; it is then started anew
   */
  carryOut(text: string, timeoutMs: number): Promise<void>;
  stop(): void;
}

/** A program that did not come so far as to take anything is not started again for so long, ms. */
const RESTART_MS = 5_000;

const linesOf = (text: string): number => text.split('\n').length - 1;

/** Programs count lines from their start; people want to know the line of the text. */
const countedFrom = (complaint: string, first: number): string =>
  complaint.replaceAll(/\b(line:? )(\d+)/g, (_, word: string, line: string) => `${word}${Number(line) - first}`);

export const createStandingProgram = (
  program: LineProgram,
  start: StartCompanion,
  now: () => number,
): StandingProgram => {
  let companion: Companion | undefined;
  let isFree = false;
  let startedAt = Number.NEGATIVE_INFINITY;
  let linesRead = 0;
  let awaited = '';
  let printed = '';
  let complaint = '';
  let answered: () => void = () => undefined;

  const ask = (text: string, { line, answer }: Echo): Promise<void> => {
    awaited = answer;
    printed = '';
    const heard = new Promise<void>((resolve) => {
      answered = resolve;
    });
    companion?.write(`${text}${line}\n`);
    linesRead += linesOf(text) + 1;
    return heard;
  };

  const open = (): void => {
    const first = program.echo('');
    if (first === undefined) return;
    startedAt = now();
    linesRead = 0;
    complaint = '';
    const opened = start(
      program.file,
      program.standingArgs,
      (text) => {
        printed += text;
        if (printed.endsWith(awaited)) answered();
      },
      (text) => {
        complaint += text;
      },
    );
    companion = opened;
    void opened.ended.then(() => {
      if (companion !== opened) return;
      companion = undefined;
      isFree = false;
    });
    void ask('', first).then(() => {
      if (companion !== opened) return;
      isFree = true;
      // One that works and ends may be started again at once.
      startedAt = Number.NEGATIVE_INFINITY;
    });
  };

  const close = (): void => {
    companion?.stop();
    companion = undefined;
    isFree = false;
  };

  return {
    takes(text) {
      if (companion === undefined && now() - startedAt >= RESTART_MS) open();
      return isFree && program.echo(text) !== undefined;
    },
    async carryOut(text, timeoutMs) {
      const command = [program.file, ...program.args].join(' ');
      const echo = program.echo(text);
      const asked = companion;
      if (!isFree || echo === undefined || asked === undefined) throw new Error(`${command}: takes no text now`);
      isFree = false;
      const before = linesRead;
      const timer = Promise.withResolvers<'late'>();
      let timeout = setTimeout(timer.resolve, timeoutMs, 'late');
      try {
        const outcome = await Promise.race([ask(text, echo), asked.ended, timer.promise]);
        if (outcome === undefined) {
          isFree = companion === asked;
          return;
        }
        if (outcome !== 'late') throw commandFailure(command, outcome, countedFrom(complaint, before));
        close();
        const grace = Promise.withResolvers<'endless'>();
        timeout = setTimeout(grace.resolve, GRACE_MS, 'endless');
        const end = await Promise.race([asked.ended, grace.promise]);
        throw end === 'endless' ? endlessCommand(command) : commandFailure(command, { timedOut: true }, '');
      } finally {
        clearTimeout(timeout);
      }
    },
    stop: close,
  };
};
