import { randomUUID } from 'node:crypto';
import { commandFailure, type CommandRunner, TIMEOUT_MS } from './command.ts';
import type { Companion, StartCompanion } from './companion.ts';

/**
 * A small shell that stays and starts programs for us: to start one from a process of many megabytes holds that up for
 * milliseconds, since its page tables are copied (fork(2)).
 */
interface Launcher {
  isFree(): boolean;
  /**
   * To be called where it is free, at once. @returns what the program printed; undefined where it did not end with 0, and
   * where there is no telling. @throws CommandError where it did not end in time
   */
  run(file: string, args: readonly string[], timeoutMs: number): Promise<string | undefined>;
  stop(): void;
}

/** A shell that could not be started is not tried again for so long, ms. */
const RESTART_MS = 5_000;

/** As sh(1) reads it as one word, whatever it holds. */
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

  /** What is printed up to the mark, and the number behind it. */
  const answerTo = (mark: string): Promise<{ readonly text: string; readonly code: number }> => {
    const pieces: string[] = [];
    const end = new RegExp(`\\n${mark} (\\d+)\\n$`);
    // It may come in two pieces.
    const endLength = mark.length + 10;
    return new Promise((resolve) => {
      heard = (piece) => {
        pieces.push(piece);
        const tail = piece.length >= endLength ? piece : pieces.slice(-endLength).join('');
        const found = end.exec(tail.slice(-endLength));
        if (found === null) return;
        const text = pieces.join('');
        resolve({ text: text.slice(0, text.length - found[0].length), code: Number(found[1]) });
      };
    });
  };

  return {
    isFree: () => !isBusy && (shell !== undefined || now() - startedAt >= RESTART_MS),
    async run(file, args, timeoutMs) {
      isBusy = true;
      const asked = (shell ??= open());
      const mark = randomUUID();
      const answer = answerTo(mark);
      const late = Promise.withResolvers<'late'>();
      const timer = setTimeout(late.resolve, timeoutMs, 'late');
      const words = [file, ...args].map(quoted).join(' ');
      asked.write(`${words} </dev/null\nprintf '\\n%s %s\\n' ${mark} $?\n`);
      try {
        const outcome = await Promise.race([answer, asked.ended.then(() => undefined), late.promise]);
        if (outcome === undefined || outcome === 'late') close();
        if (outcome === 'late') throw commandFailure([file, ...args].join(' '), { timedOut: true }, '');
        return outcome?.code === 0 ? outcome.text : undefined;
      } finally {
        clearTimeout(timer);
        heard = () => undefined;
        isBusy = false;
      }
    },
    stop: close,
  };
};

/** A runner that has programs without input started by shells that stay, as long as that works. */
export interface LaunchingRunner extends CommandRunner {
  /** Ends them; what runs from then on is started by ourselves. */
  stop(): void;
}

export interface LaunchingRunnerDeps {
  /** Runs what has an input, what a shell is not free for, and once more what did not go well: it tells why. */
  readonly runner: CommandRunner;
  /** Without a buffer of lines: programs inherit that. */
  readonly start: StartCompanion;
  readonly clock: { readonly now: () => number };
  /** So many at once. */
  readonly shells: number;
}

/** Only for programs that may be run twice. */
export const createLaunchingRunner = ({ runner, start, clock, shells }: LaunchingRunnerDeps): LaunchingRunner => {
  const launchers = Array.from({ length: shells }, () => createLauncher(start, () => clock.now()));
  let stopped = false;
  return {
    async run(file, args, options = {}) {
      const free = options.input === undefined && !stopped ? launchers.find((each) => each.isFree()) : undefined;
      const output = await free?.run(file, args, options.timeoutMs ?? TIMEOUT_MS);
      return output ?? runner.run(file, args, options);
    },
    stop() {
      stopped = true;
      for (const launcher of launchers) launcher.stop();
    },
  };
};
