import { isGone } from '../../addresses/weigh-sandboxes.ts';
import type { Clock } from '../../model/clock.ts';
import type { Sandbox } from '../../model/sandbox.ts';
import type { CniResults } from './follow-results.ts';

export interface LivingSandboxesDeps {
  readonly results: Pick<CniResults, 'start' | 'sandboxesOf' | 'podUids'>;
  /** The names of all interfaces of the node's network namespace. */
  readonly readInterfaces: () => Promise<ReadonlySet<string>>;
  readonly clock: Clock;
  /** Whether the pod's sandboxes count although nobody notes them any more, as long as their interfaces are there. */
  readonly outlivesNotes: (podUid: string) => boolean;
  /** Whether something depends on which sandboxes live. */
  readonly isDoubtful: () => boolean;
}

/** The sandboxes of this node that were noted and are not known to be gone. */
export interface LivingSandboxes {
  /** `onChange` is called for each pod whose sandboxes are others now, after they are. */
  start(onChange: (podUid: string) => void): void;
  of(podUid: string): readonly Sandbox[];
  /** With those that are known to be gone, as far as their notes are there. */
  notedOf(podUid: string): readonly Sandbox[];
  podUids(): ReadonlySet<string>;
  /** Looks for the interfaces of all sandboxes now, besides doing so after each note and now and then. */
  look(): void;
  stop(): void;
}

/** Interfaces are a file of some kB: how often they are looked at, while something depends on it and else, ms. */
const LOOK_EVERY_MS = 1000;
const LOOK_NOW_AND_THEN_MS = 10_000;
const NONE: readonly Sandbox[] = [];

/**
 * A note goes with its sandbox: the runtime removes the interfaces first and the note after them. Two things are told by the
 * interfaces alone: a note that a crash left behind, and a note that somebody else removed.
 */
export const followLivingSandboxes = (deps: LivingSandboxesDeps): LivingSandboxes => {
  const { results, readInterfaces, clock, outlivesNotes, isDoubtful } = deps;
  /** As they were noted last, and those that live on without a note. */
  const known = new Map<string, readonly Sandbox[]>();
  const gone = new WeakSet<Sandbox>();
  let tell: (podUid: string) => void = () => undefined;
  let cancel = (): void => undefined;
  let looking = false;
  let isDue = false;
  let stopped = false;

  const set = (podUid: string, sandboxes: readonly Sandbox[]): void => {
    if (sandboxes.length === 0) known.delete(podUid);
    else known.set(podUid, sandboxes);
  };

  const note = (podUid: string): void => {
    const noted = results.sandboxesOf(podUid);
    const before = known.get(podUid) ?? NONE;
    const left = before.filter((each) => !noted.includes(each) && each.hostInterfaces.length > 0 && !gone.has(each));
    const outliving = left.length > 0 && outlivesNotes(podUid) ? left : NONE;
    set(podUid, [...noted, ...outliving]);
    tell(podUid);
    look();
  };

  /** Judges those that were known before the interfaces were read: of a later one the interfaces may be missing there. */
  const judge = (before: ReadonlyMap<string, readonly Sandbox[]>, interfaces: ReadonlySet<string>): void => {
    for (const [podUid, sandboxes] of before) {
      let changed = false;
      for (const sandbox of sandboxes) {
        const isGoneNow = isGone(sandbox, interfaces);
        if (isGoneNow === gone.has(sandbox)) continue;
        changed = true;
        if (isGoneNow) gone.add(sandbox);
        else gone.delete(sandbox);
      }
      if (!changed) continue;
      const noted = results.sandboxesOf(podUid);
      set(
        podUid,
        (known.get(podUid) ?? NONE).filter((each) => noted.includes(each) || !gone.has(each)),
      );
      tell(podUid);
    }
  };

  const run = async (): Promise<void> => {
    while (isDue && !stopped) {
      isDue = false;
      const before = new Map(known);
      try {
        judge(before, await readInterfaces());
      } catch {
        // Nothing is proved: what counted as living still does.
      }
    }
  };

  const look = (): void => {
    isDue = true;
    if (looking || stopped || known.size === 0) return;
    looking = true;
    cancel();
    void run().finally(() => {
      looking = false;
      if (stopped || known.size === 0) return;
      cancel = clock.after(isDoubtful() ? LOOK_EVERY_MS : LOOK_NOW_AND_THEN_MS, look);
    });
  };

  return {
    start(onChange) {
      tell = onChange;
      results.start(note);
    },
    of: (podUid) => (known.get(podUid) ?? NONE).filter((each) => !gone.has(each)),
    notedOf: (podUid) => known.get(podUid) ?? NONE,
    podUids: () => new Set(known.keys()),
    look,
    stop() {
      stopped = true;
      cancel();
    },
  };
};
