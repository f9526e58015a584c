import type { SizeName } from '../state/size.ts';

/** Rows that are measured together. */
export const ROW_GROUPS = [
  'changes',
  'arrival',
  'start',
  'memory',
  'counts',
  'churn',
  'idle',
  'packets',
  'growth',
] as const;

export type RowGroup = (typeof ROW_GROUPS)[number];

export type RowId =
  | 'created'
  | 'deleted'
  | 'widened'
  | 'narrowed'
  | 'relabelled-in'
  | 'relabelled-out'
  | 'remote-new'
  | 'remote-gone'
  | 'local-forbidden'
  | 'local-allowed'
  | 'cold-start'
  | 'start-cpu'
  | 'start-requests'
  | 'start-kilobytes'
  | 'watches'
  | 'peak-memory'
  | 'resident-memory'
  | 'children-memory'
  | 'rules'
  | 'chains'
  | 'sets'
  | 'members'
  | 'churn-cpu'
  | 'idle-cpu'
  | 'connections'
  | 'connect-p50'
  | 'connect-p99'
  | 'throughput'
  | 'growth';

/** Records one sample of a row in the row's unit. */
export type RecordSample = (row: RowId, value: number) => void;

/** The length of a measurement, and the number of them in a row. */
export interface Windows {
  readonly seconds: number;
  readonly windows: number;
}

/** Packet paths without an agent. */
export type BarePath = 'no rules' | 'conntrack alone';

export interface Row {
  readonly id: RowId;
  readonly group: RowGroup;
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /** Upper bound of the median. */
  readonly goal?: Partial<Readonly<Record<SizeName, number>>>;
  /** Upper bound of the 99th percentile. */
  readonly goalP99?: number;
  /** True for a rate, where more is better. */
  readonly isMoreBetter?: true;
  /** Alternatively, a lower bound of the median as a share of that path's median, see BARE_PATHS. */
  readonly share?: { readonly least: number; readonly of: BarePath };
}

const everywhere = (value: number): Partial<Record<SizeName, number>> => ({ S: value, M: value, L: value });

/** Lower bound for an agent that accepts established connections first: the rate without rules, less the cost of its own. */
const NEARLY_FREE: Row['share'] = { least: 0.97, of: 'conntrack alone' };

/** In the order of the table. In M, the number of kernel objects must be less than the next best agent needed there. */
export const ROWS: readonly Row[] = [
  {
    id: 'created',
    group: 'changes',
    title: 'policy created → denied',
    unit: 'ms',
    digits: 1,
    goal: everywhere(25),
    goalP99: 80,
  },
  { id: 'widened', group: 'changes', title: 'policy widened → allowed', unit: 'ms', digits: 1, goal: everywhere(15) },
  { id: 'narrowed', group: 'changes', title: 'policy narrowed → denied', unit: 'ms', digits: 1, goal: everywhere(15) },
  { id: 'deleted', group: 'changes', title: 'policy deleted → allowed', unit: 'ms', digits: 1, goal: everywhere(15) },
  {
    id: 'relabelled-in',
    group: 'changes',
    title: 'pod relabelled → allowed',
    unit: 'ms',
    digits: 1,
    goal: everywhere(5),
  },
  {
    id: 'relabelled-out',
    group: 'changes',
    title: 'pod relabelled → denied',
    unit: 'ms',
    digits: 1,
    goal: everywhere(5),
  },
  { id: 'remote-new', group: 'changes', title: 'remote pod new → allowed', unit: 'ms', digits: 1, goal: everywhere(5) },
  {
    id: 'remote-gone',
    group: 'changes',
    title: 'remote pod gone → denied',
    unit: 'ms',
    digits: 1,
    goal: everywhere(5),
  },
  {
    id: 'local-forbidden',
    group: 'arrival',
    title: 'new local pod: a forbidden source was answered for',
    unit: 'ms',
    digits: 0,
    goal: everywhere(0),
  },
  {
    id: 'local-allowed',
    group: 'arrival',
    title: 'new local pod: status known → allowed source answered',
    unit: 'ms',
    digits: 1,
    goal: everywhere(40),
  },
  {
    id: 'cold-start',
    group: 'start',
    title: 'cold start to enforced',
    unit: 's',
    digits: 2,
    goal: { S: 0.4, M: 0.6, L: 2.5 },
  },
  { id: 'start-cpu', group: 'start', title: 'CPU of a cold start', unit: 's', digits: 2 },
  { id: 'start-requests', group: 'start', title: 'list requests of a cold start', unit: '', digits: 0 },
  { id: 'start-kilobytes', group: 'start', title: 'received in a cold start', unit: 'kB', digits: 0 },
  { id: 'watches', group: 'start', title: 'watches held open', unit: '', digits: 0 },
  { id: 'peak-memory', group: 'memory', title: 'peak memory', unit: 'MB', digits: 0, goal: { S: 100, M: 100, L: 190 } },
  { id: 'resident-memory', group: 'memory', title: 'memory at the end', unit: 'MB', digits: 0 },
  { id: 'children-memory', group: 'memory', title: 'peak memory of children that stay', unit: 'MB', digits: 0 },
  { id: 'rules', group: 'counts', title: 'rules', unit: '', digits: 0, goal: { M: 3411 } },
  { id: 'chains', group: 'counts', title: 'chains', unit: '', digits: 0, goal: { M: 779 } },
  { id: 'sets', group: 'counts', title: 'sets', unit: '', digits: 0, goal: { M: 88 } },
  { id: 'members', group: 'counts', title: 'members of sets', unit: '', digits: 0, goal: { M: 16_806 } },
  {
    id: 'churn-cpu',
    group: 'churn',
    title: 'CPU for 60 s of 20 changes a second',
    unit: 's',
    digits: 2,
    goal: everywhere(3),
  },
  { id: 'idle-cpu', group: 'idle', title: 'CPU idle', unit: '%', digits: 2, goal: everywhere(0.2) },
  {
    id: 'connections',
    group: 'packets',
    title: 'new TCP connections a second through the rules',
    unit: '',
    digits: 0,
    isMoreBetter: true,
    share: NEARLY_FREE,
  },
  { id: 'connect-p50', group: 'packets', title: 'one connect, median', unit: 'µs', digits: 0 },
  { id: 'connect-p99', group: 'packets', title: 'one connect, 99th percentile', unit: 'µs', digits: 0 },
  {
    id: 'throughput',
    group: 'packets',
    title: 'throughput of one connection',
    unit: 'Gbit/s',
    digits: 1,
    isMoreBetter: true,
    share: NEARLY_FREE,
  },
  {
    id: 'growth',
    group: 'growth',
    title: 'one connect with 250 pods on the node, to one with 20',
    unit: '×',
    digits: 2,
    goal: everywhere(1.2),
  },
];
