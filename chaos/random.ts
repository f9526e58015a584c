/** Random numbers that are the same in every run with the same seed. */
export interface Random {
  /** Returns a number from 0 up to 1, 1 excluded. */
  next(): number;
  /** Returns a whole number from 0 to `below` - 1. */
  below(below: number): number;
  /** Returns true with the probability `share` (0 to 1). */
  chance(share: number): boolean;
  /** Returns one of the choices. @throws RangeError if there are none */
  pick<T>(choices: readonly T[]): T;
}

/** Mulberry32: 32 bits of state, good enough to choose by. */
export const createRandom = (seed: number): Random => {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    chance: (share) => next() < share,
    pick(choices) {
      const at = below(choices.length);
      const chosen = choices[at];
      if (chosen === undefined && at >= choices.length) throw new RangeError('nothing to choose from');
      return chosen as (typeof choices)[number];
    },
  };
};
