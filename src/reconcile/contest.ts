import type { Clock } from '../model/clock.ts';
import type { Tampering } from '../render/tampering.ts';

/** Another program wants the first place of a hook as well, and takes it whenever we have it. */
export interface Contest {
  /** Somebody is in our place: whether to take it back now. */
  mayTake(): boolean;
  /** Clock.now() from which it may be taken back, ms. */
  nextAt(): number;
  /** It was taken back again and again of late. */
  isOn(): boolean;
}

/** Exchanges within a minute that are each worth their while: installations and reloads make a few. */
const FREE = 20;
const MINUTE_MS = 60_000;
/** Between those beyond, ms: thirty a minute. Both programs rewrite a table each time. */
const PAUSE_MS = 2_000;
/** So many within so long, ms, are no accident: engines look to their place every ten seconds to five minutes. */
const MANY = 10;
const LONG_MS = 600_000;

/** Nothing is wrong but that other rules judge before ours. */
export const isPlaceAlone = (tampering: readonly Tampering[]): boolean =>
  tampering.length > 0 && tampering.every(({ kind }) => kind === 'jump_displaced');

export const createContest = (clock: Clock): Contest => {
  /** Clock.now() of the last exchanges. */
  const taken: number[] = [];
  const nextAt = (): number => {
    const last = taken.at(-1);
    const oldest = taken.at(-FREE);
    if (last === undefined || oldest === undefined) return Number.NEGATIVE_INFINITY;
    return Math.min(last + PAUSE_MS, oldest + MINUTE_MS);
  };
  return {
    mayTake() {
      const now = clock.now();
      if (now < nextAt()) return false;
      taken.push(now);
      if (taken.length > FREE) taken.shift();
      return true;
    },
    nextAt,
    isOn() {
      const first = taken.at(-MANY);
      return first !== undefined && clock.now() - first < LONG_MS;
    },
  };
};
