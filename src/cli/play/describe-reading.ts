import { disagrees, type Reading, readingKey } from './reading.ts';

const MEASURED: Readonly<Record<Reading['measured'], string>> = {
  open: 'connects',
  timeout: 'times out',
  refused: 'is refused',
  unreachable: 'is unreachable',
  unsettled: 'is not settled',
  'not probed': 'is not probed here',
};

/** Returns `shop/web → shop/db TCP 3306`, with the family if the ends share two. */
const describeConnection = ({ from, to, protocol, port, family }: Reading, families: number): string =>
  `${from} → ${to} ${protocol} ${port}${families > 1 ? ` (${family === 'ipv4' ? 'IPv4' : 'IPv6'})` : ''}`;

const familiesIn = (readings: readonly Reading[]): number => new Set(readings.map(({ family }) => family)).size;

/** Describes each connection with its result and the reason. */
export const describeReadings = (readings: readonly Reading[]): readonly string[] => {
  const families = familiesIn(readings);
  return readings.map((reading) => {
    const [first = '', ...more] = reading.reasons;
    const head = `${describeConnection(reading, families)} ${MEASURED[reading.measured]}`;
    return [`${head}: ${first}`, ...more.map((reason) => `  and ${reason}`)].join('\n');
  });
};

/** Describes connections on which the kernel and the policies disagree. */
export const describeDisagreements = (readings: readonly Reading[]): readonly string[] => {
  const families = familiesIn(readings);
  return readings
    .filter(disagrees)
    .map(
      (reading) =>
        `${describeConnection(reading, families)} ${MEASURED[reading.measured]}, ` +
        `but the policies say ${reading.expected}: ${reading.reasons.join('; ')}`,
    );
};

/** Describes changed results of the kernel, with the reasons. Leaves out connections that were added or removed. */
export const describeChanges = (before: readonly Reading[], after: readonly Reading[]): readonly string[] => {
  const known = new Map(before.map((reading) => [readingKey(reading), reading.measured]));
  const changed = after.filter((reading) => {
    const was = known.get(readingKey(reading));
    return was !== undefined && was !== reading.measured;
  });
  return describeReadings(changed).map((line) => line.replace(/^(\S+ → \S+ \S+ \d+)/, '$1 now'));
};
