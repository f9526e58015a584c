/** Seconds of a file that is not in the list: nearly all are of pure functions. */
const SHORT_SECONDS = 1.5;

/**
 * Divides files of tests into parts that take about as long: the longest file first, each to the part with the least work so
 * far. The same files give the same parts in every process.
 * @param seconds how long a file took, in seconds; only of long ones
 */
export const divide = (
  files: readonly string[],
  seconds: Readonly<Record<string, number>>,
  count: number,
): readonly (readonly string[])[] => {
  const secondsOf = (file: string): number => seconds[file] ?? SHORT_SECONDS;
  const parts = Array.from({ length: count }, () => ({ files: [] as string[], seconds: 0 }));
  const longestFirst = files.toSorted((one, other) => secondsOf(other) - secondsOf(one) || (one < other ? -1 : 1));
  for (const file of longestFirst) {
    const part = parts.reduce((least, each) => (each.seconds < least.seconds ? each : least));
    part.files.push(file);
    part.seconds += secondsOf(file);
  }
  return parts.map((part) => part.files);
};

/** From here on a file's duration is worth a line in the list, in seconds. */
const LONG_SECONDS = 5;

interface FileTime {
  readonly kind: string;
  readonly file?: string;
  /** In hundredths of a second. */
  readonly at: number;
}

/** Returns how long each long file took, in whole seconds, by its events of beginning and end. */
export const longFiles = (events: readonly FileTime[]): Readonly<Record<string, number>> => {
  const begun = new Map<string, number>();
  const long: [string, number][] = [];
  for (const { kind, file, at } of events) {
    if (file === undefined) continue;
    if (kind === 'file begins') begun.set(file, at);
    const since = begun.get(file);
    if (kind !== 'file ends' || since === undefined) continue;
    const took = (at - since) / 100;
    if (took >= LONG_SECONDS) long.push([file, Math.round(took)]);
  }
  return Object.fromEntries(long);
};
