import type { Counts, Summary } from '../../reach/summary.ts';
import { OUTSIDE } from '../resolve/resolve.ts';
import { type Connection, type ConnectionSide, isRuled } from './connection.ts';

/** Maximum number of connections that are printed one by one with their reasons: more would be unreadable. */
export const MOST_TOLD = 100;

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
