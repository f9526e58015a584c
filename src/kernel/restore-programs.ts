import { type CommandRunner, commandFailure, endlessCommand, GRACE_MS, TIMEOUT_MS } from './command.ts';
import type { Companion, StartCompanion } from './companion.ts';
import type { Clock } from '../model/clock.ts';
import type { IpFamily } from '../model/family.ts';
import { type Backend, iptablesProgram, restoreArguments } from './iptables.ts';

/** Changes the kernel's IP sets. SetReader reads them. */
export interface IpSets {
  /** Applies restore text line by line, up to the first line that fails. @throws CommandError */
  restore(text: string): Promise<void>;
}

/**
 * -exist: adding an existing member and deleting a missing one are no errors, so that an interrupted change can be
 * repeated.
 */
const IPSET_RESTORE: readonly string[] = ['-exist', 'restore'];

export const createIpSets = (runner: CommandRunner): IpSets => ({
  async restore(text) {
    await runner.run('ipset', IPSET_RESTORE, { input: text });
  },
});

/** A line, and the program's output when it reaches that line: by then, everything before is done. */
interface Echo {
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
interface StandingProgram {
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

const createStandingProgram = (program: LineProgram, start: StartCompanion, now: () => number): StandingProgram => {
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

/** A runner that keeps the programs of the most frequent changes running, so that a change starts no program. */
export interface StandingRunner extends CommandRunner {
  /** Ends them; later texts get a process of their own. */
  stop(): void;
}

/** In characters. A longer text is worth a start, and a program that has read one keeps its memory. */
const LONGEST_TEXT = 32_768;

interface StandingRunnerDeps {
  /** Runs everything else, and texts that no standing program takes. */
  readonly runner: CommandRunner;
  readonly start: StartCompanion;
  readonly clock: Pick<Clock, 'now'>;
  /** The programs start once this has settled, or when they can be used; at once if absent. */
  readonly after?: Promise<unknown>;
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each, at) => each === b[at]);

export const createStandingRunner = (
  programs: readonly LineProgram[],
  { runner, start, clock, after }: StandingRunnerDeps,
): StandingRunner => {
  const standing = programs.map((program) => ({
    program,
    run: createStandingProgram(program, start, () => clock.now()),
  }));
  let stopped = false;
  // While there is nothing to do yet.
  const begin = (): void => {
    if (!stopped) for (const { run } of standing) run.takes('');
  };
  if (after === undefined) begin();
  else void after.then(begin, begin);

  return {
    async run(file, args, options = {}) {
      const { input, timeoutMs = TIMEOUT_MS } = options;
      const found = standing.find(({ program }) => program.file === file && isSame(program.args, args));
      if (
        found === undefined ||
        stopped ||
        input === undefined ||
        input.length > LONGEST_TEXT ||
        !found.run.takes(input)
      ) {
        return runner.run(file, args, options);
      }
      await found.run.carryOut(input, timeoutMs);
      // Programs that are worth keeping have no output of their own.
      return '';
    },
    stop() {
      stopped = true;
      for (const { run } of standing) run.stop();
    },
  };
};

const ECHO = '# through';

/**
 * iptables-restore(8) processes one table after another: it takes the xtables lock (legacy) or reads the rules that it
 * needs (nft) again for each, and commits at COMMIT. With --verbose it prints the comments that it passes.
 */
export const iptablesRestore = (family: IpFamily, backend: Backend, waitSeconds: number): LineProgram => {
  const args = restoreArguments(waitSeconds);
  return {
    file: iptablesProgram(family, backend, 'restore'),
    args,
    standingArgs: [...args, '--verbose'],
    // A comment inside a table would be printed before the commit.
    echo: (text) => (text === '' || text.endsWith('\nCOMMIT\n') ? { line: ECHO, answer: `${ECHO}\n` } : undefined),
  };
};

/** Lines after which their set exists. */
const LAST_LINE = /(?:^|\n)(?:create|add|del) (\S+)[^\n]*\n$/;

/**
 * In its restore mode, ipset(8) collects members of one set and sends them before anything else happens, including a
 * question. In XML, the end of the answer is recognizable.
 */
export const ipsetRestore: LineProgram = {
  file: 'ipset',
  args: IPSET_RESTORE,
  standingArgs: IPSET_RESTORE,
  echo(text) {
    // Often refused, which would end the program: nft uses a set for some milliseconds after its rules are gone.
    if (text.startsWith('destroy ')) return undefined;
    // The names of all sets if there is no set to name: slightly more work.
    const set = LAST_LINE.exec(text)?.[1];
    return { line: `list -name -output xml${set === undefined ? '' : ` ${set}`}`, answer: '</ipsets>\n' };
  },
};
