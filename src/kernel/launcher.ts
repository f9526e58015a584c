import { randomUUID } from 'node:crypto';
import { commandFailure, type CommandOptions, type CommandRunner, TIMEOUT_MS } from './command.ts';
import type { Companion, StartCompanion } from './companion.ts';

/**
 * A small standing shell that starts programs for us: starting one from a process of many megabytes blocks that process for
 * milliseconds, since its page tables are copied (fork(2)).
 */
interface Launcher {
  isFree(): boolean;
  /**
   * Runs a program at once; called only if the shell is free. @returns its output; undefined if it did not exit with 0,
   * or that is not known. @throws CommandError if it exceeded its time
   */
  run(file: string, args: readonly string[], options: LaunchOptions): Promise<string | undefined>;
  stop(): void;
}

type LaunchOptions = Pick<CommandOptions, 'sink' | 'input'> & Required<Pick<CommandOptions, 'timeoutMs'>>;

/** A shell that could not be started is tried again after this time. */
const RESTART_MS = 5_000;

/** Quotes a word for sh(1). */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

const createLauncher = (start: StartCompanion, now: () => number): Launcher => {
  let shell: Companion | undefined;
  let startedAt = Number.NEGATIVE_INFINITY;
  let isBusy = false;
  let heard: (text: string) => void = () => undefined;

  const open = (): Companion => {
    startedAt = now();
    const opened = start('sh', [], (text) => {
      heard(text);
    });
    void opened.ended.then(() => {
      if (shell === opened) shell = undefined;
    });
    return opened;
  };

  const close = (): void => {
    shell?.stop();
    shell = undefined;
  };

  /** Passes on the output up to the mark. @returns the number after it */
  const answerTo = (mark: string, take: (piece: string) => void): Promise<number> => {
    const end = new RegExp(`\\n${mark} (\\d+)\\n$`);
    // It may arrive in two pieces, so this much is held back.
    const endLength = mark.length + 10;
    let held = '';
    return new Promise((resolve) => {
      heard = (piece) => {
        held += piece;
        const found = end.exec(held.slice(-endLength));
        const known = held.length - (found === null ? endLength : found[0].length);
        if (known > 0) {
          take(held.slice(0, known));
          held = held.slice(known);
        }
        if (found !== null) resolve(Number(found[1]));
      };
    });
  };

  return {
    isFree: () => !isBusy && (shell !== undefined || now() - startedAt >= RESTART_MS),
    async run(file, args, { timeoutMs, sink, input }) {
      isBusy = true;
      const asked = (shell ??= open());
      const mark = randomUUID();
      const pieces: string[] = [];
      const answer = answerTo(mark, sink?.() ?? ((piece) => void pieces.push(piece)));
      const late = Promise.withResolvers<'late'>();
      const timer = setTimeout(late.resolve, timeoutMs, 'late');
      const words = [file, ...args].map(quoted).join(' ');
      const from = input === undefined ? '</dev/null' : `<<'${mark}'\n${input}${mark}`;
      asked.write(`${words} ${from}\nprintf '\\n%s %s\\n' ${mark} $?\n`);
      try {
        const outcome = await Promise.race([answer, asked.ended.then(() => undefined), late.promise]);
        if (outcome === undefined || outcome === 'late') close();
        if (outcome === 'late') throw commandFailure([file, ...args].join(' '), { timedOut: true }, '');
        return outcome === 0 ? pieces.join('') : undefined;
      } finally {
        clearTimeout(timer);
        heard = () => undefined;
        isBusy = false;
      }
    },
    stop: close,
  };
};

/** A runner that starts programs without input, and questions, through standing shells while these work. */
export interface LaunchingRunner extends CommandRunner {
  /** Ends the shells; later programs are started directly. */
  stop(): void;
}

export interface LaunchingRunnerDeps {
  /** Runs everything else, programs while no shell is free, and failed programs again to get their error. */
  readonly runner: CommandRunner;
  /** Without line buffering, which programs would inherit. */
  readonly start: StartCompanion;
  readonly clock: { readonly now: () => number };
  /** Number of shells. */
  readonly shells: number;
}

/** Creates a runner for programs that may be run twice. */
export const createLaunchingRunner = ({ runner, start, clock, shells }: LaunchingRunnerDeps): LaunchingRunner => {
  const launchers = Array.from({ length: shells }, () => createLauncher(start, () => clock.now()));
  let stopped = false;
  return {
    async run(file, args, options = {}) {
      const isQuestion = options.input === undefined || options.isQuestion === true;
      const free = isQuestion && !stopped ? launchers.find((each) => each.isFree()) : undefined;
      const output = await free?.run(file, args, { ...options, timeoutMs: options.timeoutMs ?? TIMEOUT_MS });
      return output ?? runner.run(file, args, options);
    },
    stop() {
      stopped = true;
      for (const launcher of launchers) launcher.stop();
    },
  };
};
