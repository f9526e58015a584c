import type { Counts, Summary } from '../../reach/summary.ts';
import { OUTSIDE } from '../resolve/resolve.ts';
import type { Cell } from './cells.ts';
import { type Connection, type ConnectionSide, isRuled } from './connection.ts';

const WIDEST_CELL = 18;
/** Maximum number of connections that are printed one by one with their reasons: more would be unreadable. */
export const MOST_TOLD = 100;

/** The legend of a table's cells. */
export const LEGEND: readonly string[] = [
  'all: every port   -: nothing   .: not asked',
  'some: more ports than fit here, or not the same for all addresses',
];

const cellText = ({ verdict, ports }: Cell): string => {
  if (verdict === 'denied') return '-';
  return ports === undefined || ports.length > WIDEST_CELL ? 'some' : ports;
};

/** A row or column: its name, and the pods that it stands for. */
export interface TableEnd {
  readonly name: string;
  readonly pods: number;
}

/** Names of parts of workloads tell their number themselves: `shop/web-1 +2`. */
const TELLS_NUMBER = / \+\d+$/;

/** `shop/web ×3`. */
export const headOf = ({ name, pods }: TableEnd): string =>
  pods > 1 && !TELLS_NUMBER.test(name) ? `${name} ×${pods}` : name;

/** The lines of the table, its head included. */
export const tableLines = (ends: readonly TableEnd[], cells: Iterable<Cell>): readonly string[] => {
  const place = new Map(ends.map(({ name }, at) => [name, at]));
  const rows = ends.map((end) => [headOf(end), ...ends.map(() => '.')]);
  for (const cell of cells) {
    const row = rows[place.get(cell.from) ?? -1];
    const column = place.get(cell.to);
    if (row !== undefined && column !== undefined) row[column + 1] = cellText(cell);
  }
  const lines = [['from \\ to', ...ends.map(headOf)], ...rows];
  const widths = lines[0]?.map((_, column) =>
    lines.reduce((most, line) => Math.max(most, line[column]?.length ?? 0), 0),
  );
  const aligned = lines.map((line) =>
    line
      .map((text, column) => text.padEnd(widths?.[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return aligned;
};

/** No table is narrower than its heads. */
export const leastWidth = (ends: readonly TableEnd[]): number =>
  ends.reduce((sum, end) => sum + headOf(end).length + 2, Math.max(9, ...ends.map((end) => headOf(end).length)));

const describeSide = (name: string, { isolatedBy, allowedBy }: ConnectionSide): string => {
  if (isolatedBy.length === 0) return `${name}: open, no policy isolates it`;
  if (allowedBy.length === 0) return `${name}: isolated by ${isolatedBy.join(', ')}; no rule allows this`;
  return `${name}: ${allowedBy.map(({ policy, field, ports }) => `${policy} ${field} allows ${ports}`).join('; ')}`;
};

const describeConnection = (connection: Connection): readonly string[] => {
  const { from, to, only, ports, exempt } = connection;
  const head = `${from} → ${to}${only === undefined ? '' : ` (${only.join(', ')})`}: ${ports}`;
  if (exempt) return [head, '    always allowed: a pod and itself, a pod and its own node'];
  const sides = [
    ...(from === OUTSIDE ? [] : [describeSide('egress', connection.egress)]),
    ...(to === OUTSIDE ? [] : [describeSide('ingress', connection.ingress)]),
  ];
  return [head, ...sides.map((side) => `    ${side}`)];
};

/** Those of the connections that policies rule, one by one with the reasons; undefined where they are too many. */
export const reasonLines = (connections: Iterable<Connection>): readonly string[] | undefined => {
  const told: Connection[] = [];
  for (const connection of connections) {
    if (!isRuled(connection)) continue;
    told.push(connection);
    if (told.length > MOST_TOLD) return undefined;
  }
  return told.flatMap(describeConnection);
};

const grouped = (number: number): string => String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');

const countLine = (what: string, { every, some, denied }: Counts): string | undefined => {
  const all = every + some + denied;
  if (all === 0) return undefined;
  const counts = `${grouped(every)} at every port, ${grouped(some)} at some ports, ${grouped(denied)} denied`;
  return `${what}: ${grouped(all)}, of them ${counts}`;
};

const plural = (number: number, word: string): string => `${grouped(number)} ${word}${number === 1 ? '' : 's'}`;

/** Counts of what is allowed and denied. */
export const summaryLines = (summary: Summary): readonly string[] => {
  const { workloads, pods, betweenWorkloads, betweenPods, unruled, fromOutside, toOutside } = summary;
  return [
    `${plural(workloads, 'workload')}, ${plural(pods, 'pod')}`,
    countLine('Connections between workloads', betweenWorkloads),
    unruled === 0 ? undefined : `    ${grouped(unruled)} of them are ruled by no policy: every port is open`,
    countLine('Connections between pods', betweenPods),
    countLine('Workloads as seen from outside', fromOutside),
    countLine('The outside as seen from workloads', toOutside),
  ].filter((line) => line !== undefined);
};
