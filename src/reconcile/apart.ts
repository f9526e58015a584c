import type { Clock } from '../model/clock.ts';
import type { IpFamily } from '../model/family.ts';
import { messageOf } from '../model/message-of.ts';
import type { NodeProgram } from '../program/node-program.ts';
import type { Observed } from '../render/observed.ts';
import { bringPart } from './bring-part.ts';
import type { Kernel } from './kernel.ts';
import { familyOf, type Part, type Parts, sourcesOf } from './parts.ts';
import { isTimeout } from './refusals.ts';

interface ApartDeps {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly parts: Parts;
  /** Returns the newest rule set; undefined while nothing is compiled. */
  readonly program: () => NodeProgram | undefined;
  /** See Narrowing.failed. */
  readonly narrow: (error: unknown, families: readonly IpFamily[]) => Promise<boolean>;
  /** Called when a part is in force again, or something of it was closed. */
  readonly onNews: () => void;
}

/** The state of each family that could be read. */
interface SeenApart {
  /** The state of everything that could be read. */
  readonly observed: Observed;
  readonly unread: ReadonlyMap<IpFamily, Error>;
}

interface Brought {
  readonly lines: number;
  /** Whether something was closed and must be compiled again. */
  readonly isClosed: boolean;
  /** The first error; undefined if all parts are in force. */
  readonly error: unknown;
  readonly isTimeoutOfAll: boolean;
}

/** Applies the parts of the kernel separately, when not all of them work. */
export interface Apart {
  /** Reads the families. @throws if none can be read */
  look(): Promise<SeenApart>;
  /**
   * Brings everything that could be read to the newest rule set. Waits for a part that hangs only until another one is
   * done.
   */
  bring(seen: SeenApart): Promise<Brought>;
  /** Starts attempts for the parts that are due, without waiting for them. */
  tryDue(): void;
  /** Reports whether a part came into force since the last call. */
  takeBrought(): boolean;
  stop(): Promise<void>;
}

/** Once one family is done, the other one gets this long before it counts as failed. */
const PATIENCE_MS = 5_000;

const LATE = 'it takes too long, and is waited for no more';

export const createApart = ({ kernel, clock, parts, program, narrow, onNews }: ApartDeps): Apart => {
  const running = new Map<Part, Promise<number>>();
  /** Attempts that no pass waits for, with their consequences. */
  const alone = new Set<Promise<void>>();
  let hasBrought = false;
  let stopped = false;

  /** Makes one attempt at a time, which continues even if nothing waits for it any more. */
  const attempt = (part: Part, seen?: Observed): Promise<number> => {
    const started =
      running.get(part) ??
      bringPart(
        part,
        {
          kernel,
          program,
          onHeld() {
            if (parts.isFailing(part)) hasBrought = true;
            parts.succeeded(part);
          },
        },
        seen,
      ).finally(() => running.delete(part));
    running.set(part, started);
    return started;
  };

  /** Makes an attempt without waiting for it: its result is news for the next pass. */
  const attemptAlone = async (part: Part): Promise<void> => {
    try {
      await attempt(part);
      const sources = sourcesOf(familyOf(part));
      if (part !== sources) await attempt(sources).catch((error: unknown) => note(sources, error));
    } catch (error) {
      note(part, error);
      if (stopped) return;
      if (await narrow(error, [familyOf(part)])) onNews();
      return;
    }
    onNews();
  };

  const note = (part: Part, error: unknown): void => {
    // The error is of a predecessor that hangs: the attempt may have succeeded meanwhile.
    if (!stopped) parts.failed(part, messageOf(error));
  };

  const readOne = async (family: IpFamily): Promise<Observed | Error> => {
    try {
      return await kernel.observe({ families: [family], raw: [] });
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  };

  const lookOneByOne = async (): Promise<SeenApart> => {
    const read = await Promise.all(kernel.families.map(async (family) => [family, await readOne(family)] as const));
    const seen = read.flatMap(([, each]) => (each instanceof Error ? [] : [each]));
    const unread = new Map(read.flatMap(([family, each]) => (each instanceof Error ? [[family, each] as const] : [])));
    const [first] = unread.values();
    if (seen.length === 0) throw first ?? new Error('no family can be read');
    const tables: Observed['tables'] = Object.fromEntries(seen.flatMap((each) => Object.entries(each.tables)));
    return { observed: { tables, sets: new Map(seen.flatMap(({ sets }) => [...sets])) }, unread };
  };

  /** Reports whether the patience is over, which begins when the first family is done. */
  const patience = () => {
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => undefined);
    let cancel: (() => void) | undefined;
    return {
      begin() {
        cancel ??= clock.after(PATIENCE_MS, () => {
          late.reject(new Error(LATE));
        });
      },
      over: late.promise,
      end: () => cancel?.(),
    };
  };

  const bringFamily = async (family: IpFamily, { observed, unread }: SeenApart): Promise<number> => {
    const reason = unread.get(family);
    if (reason !== undefined) throw reason;
    return attempt(family, running.has(family) ? undefined : observed);
  };

  /** Applies source validation, which never keeps the family's rules from being in force. */
  const bringSources = async (family: IpFamily): Promise<number> => {
    const part = sourcesOf(family);
    try {
      return await attempt(part);
    } catch (error) {
      note(part, error);
      return 0;
    }
  };

  return {
    async look() {
      try {
        return { observed: await kernel.observe(), unread: new Map() };
      } catch {
        return lookOneByOne();
      }
    },
    async bring(seen) {
      const { begin, over, end } = patience();
      const outcomes = await Promise.all(
        kernel.families.map(async (family) => {
          try {
            const lines = await Promise.race([bringFamily(family, seen), over]);
            begin();
            const hasSources = program()?.[family].raw !== undefined || seen.observed.raw?.[family] !== undefined;
            const more = hasSources ? await Promise.race([bringSources(family), over]).catch(() => 0) : 0;
            return { family, lines: lines + more, error: undefined };
          } catch (error) {
            note(family, error);
            return { family, lines: 0, error };
          }
        }),
      );
      end();
      const failed = outcomes.filter(({ error }) => error !== undefined);
      let isClosed = false;
      // One after the other, so that trials of one are not taken for the other's.
      for (const { family, error } of failed) isClosed = (await narrow(error, [family])) || isClosed;
      return {
        lines: outcomes.reduce((sum, each) => sum + each.lines, 0),
        isClosed,
        error: failed[0]?.error,
        isTimeoutOfAll: failed.length === kernel.families.length && failed.every(({ error }) => isTimeout(error)),
      };
    },
    tryDue() {
      if (stopped) return;
      for (const part of parts.due()) {
        parts.trying(part);
        const work = attemptAlone(part).finally(() => alone.delete(work));
        alone.add(work);
      }
    },
    takeBrought() {
      const was = hasBrought;
      hasBrought = false;
      return was;
    },
    async stop() {
      stopped = true;
      await Promise.allSettled([...running.values(), ...alone]);
    },
  };
};
