import type { Machine } from './machine.ts';
import type { Reading } from './reading.ts';

/** A row and a column of the table: one machine, or replicas of a workload that fare alike. */
export interface Fold {
  /** `shop/web`, `shop/web ×3` for a whole workload, `shop/web-0 +1` for some of its pods. */
  readonly name: string;
  /** At least one. The first one stands for all. */
  readonly machines: readonly Machine[];
}

type Ends = Pick<Reading, 'from' | 'to'>;

const workloadKey = (machine: Machine): string =>
  machine.workload === undefined ? machine.name : `${machine.workload} of ${machine.name.split('/')[0] ?? ''}`;

/** Returns text that is equal for replicas with the same results to and from everybody else. */
const resultsOf = (
  machine: Machine,
  members: ReadonlySet<string>,
  readingsOf: ReadonlyMap<string, readonly Reading[]>,
): string => {
  const lines = (readingsOf.get(machine.name) ?? []).map(({ from, to, protocol, port, family, measured, expected }) => {
    const other = from === machine.name ? to : from;
    // Between replicas the direction and the name of the other one say nothing.
    const end = members.has(other) ? 'a replica' : `${from === machine.name ? 'to' : 'from'} ${other}`;
    return [end, protocol, port, family, measured, expected].join(' ');
  });
  return [...new Set(lines)].sort().join('\n');
};

const folded = (members: readonly Machine[], alike: readonly Machine[]): Fold => {
  const [first] = alike;
  const name = first?.name ?? '';
  if (alike.length === 1) return { name, machines: alike };
  if (alike.length < members.length) return { name: `${name} +${alike.length - 1}`, machines: alike };
  const workload = first?.workload?.split('/')[1] ?? '';
  return { name: `${name.split('/')[0] ?? ''}/${workload} ×${alike.length}`, machines: alike };
};

/** Folds the replicas of each workload that fare alike into one row. Keeps the order of the machines. */
export const foldReplicas = (machines: readonly Machine[], readings: readonly Reading[]): readonly Fold[] => {
  const readingsOf = new Map<string, Reading[]>(machines.map(({ name }) => [name, []]));
  for (const reading of readings) {
    readingsOf.get(reading.from)?.push(reading);
    readingsOf.get(reading.to)?.push(reading);
  }
  return [...Map.groupBy(machines, workloadKey).values()].flatMap((members) => {
    if (members.length === 1) return [folded(members, members)];
    const names = new Set(members.map(({ name }) => name));
    const alike = Map.groupBy(members, (machine) => resultsOf(machine, names, readingsOf));
    return [...alike.values()].map((group) => folded(members, group));
  });
};

/** Returns the ends whose results a cell shows; undefined for a machine and itself. */
export const endsOf = (row: Fold, column: Fold): Ends | undefined => {
  const [from] = row.machines;
  const to = row === column ? column.machines[1] : column.machines[0];
  return from === undefined || to === undefined ? undefined : { from: from.name, to: to.name };
};

/** Returns the readings that the cells of the table show, a pod of each row and column for all of it, under their names. */
export const foldReadings = (machines: readonly Machine[], readings: readonly Reading[]): readonly Reading[] => {
  const folds = foldReplicas(machines, readings);
  const names = new Map<string, Ends>();
  for (const row of folds) {
    for (const column of folds) {
      const ends = endsOf(row, column);
      if (ends !== undefined) names.set(`${ends.from} ${ends.to}`, { from: row.name, to: column.name });
    }
  }
  return readings.flatMap((reading) => {
    const named = names.get(`${reading.from} ${reading.to}`);
    return named === undefined ? [] : [{ ...reading, ...named }];
  });
};
