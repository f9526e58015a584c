/** The earliest of some times, undefined ones left out; undefined where there is none. */
export const earliest = (times: Iterable<number | undefined>): number | undefined => {
  let found: number | undefined;
  for (const time of times) if (time !== undefined && (found === undefined || time < found)) found = time;
  return found;
};
