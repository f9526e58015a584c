import { isGone } from '../../addresses/weigh-sandboxes.ts';
import type { Clock } from '../../model/clock.ts';
import type { Sandbox } from '../../model/sandbox.ts';
import type { CniResults } from './follow-results.ts';

export interface LivingSandboxesDeps {
  readonly results: Pick<CniResults, 'start' | 'sandboxesOf' | 'podUids'>;
  /** Returns the names of all interfaces of the node's network namespace. */
  readonly readInterfaces: () => Promise<ReadonlySet<string>>;
  readonly clock: Clock;
  /** Reports whether a pod's sandboxes count, while their interfaces exist, even after their files were deleted. */
  readonly outlivesNotes: (podUid: string) => boolean;
  /** Reports whether a decision depends on which sandboxes exist. */
  readonly isDoubtful: () => boolean;
}

/** The sandboxes of this node that have a result and are not known to be gone. */
export interface LivingSandboxes {
  /** Calls `onChange` for each pod whose sandboxes have changed. */
  start(onChange: (podUid: string) => void): void;
  of(podUid: string): readonly Sandbox[];
  /** Returns the sandboxes that have a result, also those known to be gone. */
  notedOf(podUid: string): readonly Sandbox[];
  podUids(): ReadonlySet<string>;
  /** Reads the interfaces of all sandboxes now, in addition to the regular reads. */
  look(): void;
  stop(): void;
}

/** How often the interfaces (a file of a few kB) are read while a decision depends on them; below, the interval otherwise. */
const LOOK_EVERY_MS = 1000;
const LOOK_NOW_AND_THEN_MS = 10_000;
const NONE: readonly Sandbox[] = [];

/**
 * Follows which sandboxes exist. Normally a result is deleted with its sandbox: the runtime removes the interfaces first and
 * the file afterwards. Only the interfaces show that a crash left a file behind, or that another program deleted one.
 */
export const followLivingSandboxes = (deps: LivingSandboxesDeps): LivingSandboxes => {
  const { results, readInterfaces, clock, outlivesNotes, isDoubtful } = deps;
  /** The sandboxes of the last results, and those that exist without one. */
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

  /**
   * Judges sandboxes that were known before the interfaces were read: the interfaces of a newer one may be missing in
   * the list.
   */
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
        // A failed read proves nothing: sandboxes that counted as living still do.
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
