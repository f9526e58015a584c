import { commandFailure, endlessCommand, GRACE_MS } from './command.ts';
import type { Companion, StartCompanion } from './companion.ts';

/** A line, and the program's output when it reaches that line: by then, everything before is done. */
export interface Echo {
  readonly line: string;
  readonly answer: string;
}

/** A program that processes its input line by line and exits with an exit code at the first line that fails. */
export interface LineProgram {
  readonly file: string;
  /** Arguments for a single text. */
  readonly args: readonly string[];
  /** Arguments for a standing program, which takes one text after another. */
  readonly standingArgs: readonly string[];
  /** Returns what follows the text; undefined if its end would not be recognizable. Called first with the empty text. */
  echo(text: string): Echo | undefined;
}

/** A run of a standing program, which takes one text after another. */
export interface StandingProgram {
  /** Reports whether it can process this text now. Starts the program if needed, so that it can the next time. */
  takes(text: string): boolean;
  /**
   * Processes a text; called at once after `takes`. Resolves once the program has reported that it is done.
   *
   * @throws CommandError like a process for this text alone; the program is then started again
   */
  carryOut(text: string, timeoutMs: number): Promise<void>;
  stop(): void;
}

/** A program that ended before it took any text is started again only after this time. */
const RESTART_MS = 5_000;

const linesOf = (text: string): number => text.split('\n').length - 1;

/** Converts line numbers, which the program counts from its start, to those of the text. */
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
      // A program that works and then ends may be started again at once.
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
