import type { Clock } from '../model/clock.ts';
import type { Tampering } from '../render/tampering.ts';

/** Another program wants the same hook position, and takes it whenever we have it. */
export interface Contest {
  /** Reports whether to take the position back now. */
  mayTake(): boolean;
  /** Returns Clock.now() from which it may be taken back, in ms. */
  nextAt(): number;
  /** Reports whether it was taken back repeatedly in recent minutes. */
  isOn(): boolean;
}

/** Displacements per minute that we answer immediately; installs and firewall reloads cause a few. */
const FREE = 20;
const MINUTE_MS = 60_000;
/** Wait between further ones: thirty per minute. Both programs rewrite a table each time. */
const PAUSE_MS = 2_000;
/** This many within the time below are a contest: engines check their position every ten seconds to five minutes. */
const MANY = 10;
const LONG_MS = 600_000;

/** Reports whether the only drift is that foreign rules come before ours. */
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
