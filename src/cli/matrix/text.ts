import { OUTSIDE } from '../resolve/resolve.ts';
import { type Connection, type ConnectionSide, isRuled } from './connection.ts';

/** A table with more endpoints does not fit a terminal; the list is all there is then. */
const MOST_IN_TABLE = 12;
const WIDEST_CELL = 18;

const cellOf = (connections: readonly Connection[]): string => {
  const [only, ...more] = connections;
  if (only === undefined) return '.';
  if (more.length > 0) return 'some';
  if (!only.allowed) return '-';
  return only.ports.length > WIDEST_CELL ? 'some' : only.ports;
};

const alignColumns = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};

const table = (endpoints: readonly string[], connections: readonly Connection[]): readonly string[] => {
  const byPair = Map.groupBy(connections, ({ from, to }) => `${from} ${to}`);
  const rows = endpoints.map((from) => [from, ...endpoints.map((to) => cellOf(byPair.get(`${from} ${to}`) ?? []))]);
  return alignColumns([['from \\ to', ...endpoints], ...rows]);
};

const LEGEND = 'all: every port   -: nothing   some: see below   .: not asked';

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

/** The connections as a table, if it is small enough, and those that policies rule one by one with the reasons. */
export const describeConnections = (endpoints: readonly string[], connections: readonly Connection[]): string => {
  const isSmall = endpoints.length <= MOST_IN_TABLE;
  const ruled = connections.filter(isRuled);
  const shown = isSmall ? ruled : ruled.filter(({ allowed }) => allowed);
  const open = connections.length - ruled.length;
  const blocked = ruled.filter(({ allowed }) => !allowed).length;
  const summary = [
    ...(open > 0 ? [`Of ${connections.length} connections ${open} are ruled by no policy: every port is open.`] : []),
    ...(isSmall || blocked === 0 ? [] : [`${blocked} are blocked at every port, left out above; -o json has them.`]),
  ];
  const parts = [
    ...(isSmall ? [[...table(endpoints, connections), '', LEGEND]] : []),
    ...(shown.length > 0 ? [shown.flatMap(describeConnection)] : []),
    ...(summary.length > 0 ? [summary] : []),
  ];
  return parts.map((lines) => lines.join('\n')).join('\n\n');
};
