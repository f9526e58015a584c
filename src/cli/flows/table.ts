import { printable } from '../../model/printable.ts';
import { describeEnd, type End } from '../../records/end.ts';
import {
  describeFault,
  describeRule,
  describeService,
  type FlowRecord,
  type StoredFlow,
} from '../../records/record.ts';

/** The cells of a line of the table. */
export type Row = readonly string[];

const isStored = (flow: FlowRecord | StoredFlow): flow is StoredFlow => 'count' in flow;

const verdictOf = ({ verdict, direction, reason }: FlowRecord): string => {
  const side = direction === undefined ? '' : ` ${direction}`;
  return reason === undefined || reason === 'policy' ? `${verdict}${side}` : `${verdict}${side}: ${reason}`;
};

const whyOf = (flow: FlowRecord): string => {
  const { verdict, policies } = flow;
  const rule = describeRule(flow);
  const by = policies.length === 0 ? '' : `${verdict === 'denied' ? 'isolated by' : 'by'} ${policies.join(', ')}`;
  const nearest = rule === undefined ? '' : verdict === 'denied' ? `nearest: ${rule}` : rule;
  const fault = describeFault(flow) ?? '';
  return [by, nearest, fault].filter((text) => text !== '').join('; ') || '-';
};

const workloadOf = (end: End): string => (end.kind === 'pod' ? (end.workload ?? '-') : '-');
const addressOf = (end: End): string => end.address || '-';

export const HEADINGS = {
  table: ['TIME', 'COUNT', 'VERDICT', 'FROM', 'TO', 'PORT', 'WHY'],
  wide: [
    ...['TIME', 'COUNT', 'VERDICT', 'FROM', 'TO', 'PORT', 'SERVICE', 'FROM ADDRESS', 'TO ADDRESS'],
    ...['FROM WORKLOAD', 'TO WORKLOAD', 'NODE', 'WHY'],
  ],
} as const;

/** The cells of a record, in the order of the headings. */
export const rowOf = (flow: FlowRecord | StoredFlow, format: keyof typeof HEADINGS): Row => {
  const { at, source, destination, service, node } = flow;
  const when = Date.parse(at);
  const cells = [
    at,
    isStored(flow) ? `${flow.count}` : '1',
    verdictOf(flow),
    describeEnd(source, when),
    describeEnd(destination, when),
    describeService(flow),
    ...(format === 'wide'
      ? [
          ...[service ?? '-', addressOf(source), addressOf(destination)],
          ...[workloadOf(source), workloadOf(destination), node],
        ]
      : []),
    whyOf(flow),
  ];
  return cells.map(printable);
};

/** Of what comes one by one nobody knows how wide it will be. */
const LIVE_WIDTHS: Readonly<Record<string, number>> = {
  ...{ TIME: 24, COUNT: 5, VERDICT: 15, FROM: 26, TO: 26, PORT: 14, SERVICE: 20 },
  ...{ 'FROM ADDRESS': 15, 'TO ADDRESS': 15, 'FROM WORKLOAD': 20, 'TO WORKLOAD': 20, NODE: 10 },
};

const line = (row: Row, widths: readonly number[]): string =>
  row
    .map((cell, at) => cell.padEnd(widths[at] ?? 0))
    .join('  ')
    .trimEnd();

/** A line of a table that grows. */
export const liveLine = (row: Row, format: keyof typeof HEADINGS): string =>
  line(
    row,
    HEADINGS[format].map((heading) => LIVE_WIDTHS[heading] ?? 0),
  );

/** The whole table. */
export const tableOf = (rows: readonly Row[], format: keyof typeof HEADINGS): string => {
  const all: readonly Row[] = [HEADINGS[format], ...rows];
  const widths = HEADINGS[format].map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
  return all.map((row) => line(row, widths)).join('\n');
};
