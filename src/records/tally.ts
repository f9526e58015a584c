/** A counter of the kernel, which a reload of the rules resets. */
export interface Reading {
  /** Equal for the same counter. */
  readonly counter: string;
  /** The name of the sum that it is part of. */
  readonly name: string;
  readonly packets: number;
}

/** Sums up counters that are reset now and then: no sum ever decreases. */
export interface Tally {
  /** Takes readings of some counters. @returns what was added, by name */
  take(readings: readonly Reading[]): ReadonlyMap<string, number>;
  /** Notes that these counters were reset. */
  restart(isRestarted: (counter: string) => boolean): void;
}

/** Counters remembered: of chains that are long gone as well. */
const MOST = 20_000;

export const createTally = (): Tally => {
  const last = new Map<string, number>();
  return {
    take(readings) {
      const added = new Map<string, number>();
      for (const { counter, name, packets } of readings) {
        const before = last.get(counter) ?? 0;
        const more = packets >= before ? packets - before : packets;
        added.set(name, (added.get(name) ?? 0) + more);
        last.delete(counter);
        last.set(counter, packets);
        const [oldest] = last.keys();
        if (last.size > MOST && oldest !== undefined) last.delete(oldest);
      }
      return added;
    },
    restart(isRestarted) {
      for (const counter of last.keys()) if (isRestarted(counter)) last.delete(counter);
    },
  };
};
