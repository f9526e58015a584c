/** Maximum number of worlds per test, so that none runs out of time and the runner sees progress. */
const PORTION = 500;

/** Shares worlds among tests, each with a seed of its own. */
export const worldParts = (
  worlds: number,
  seed: number,
): readonly { readonly seed: number; readonly worlds: number }[] =>
  Array.from({ length: Math.max(1, Math.ceil(worlds / PORTION)) }, (_, at) => ({
    seed: seed + at * 1_000_003,
    worlds: Math.min(PORTION, worlds - at * PORTION),
  }));
