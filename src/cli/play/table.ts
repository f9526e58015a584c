import { wrap } from '../wrap.ts';
import { endsOf, type Fold, foldReplicas } from './fold-replicas.ts';
import type { Machine } from './machine.ts';
import type { Paint } from './paint.ts';
import { disagrees, type Reading } from './reading.ts';
import type { MachinePort } from './world.ts';

/** One column: a port of a machine, or of replicas that fare alike. */
interface Column {
  readonly to: Fold;
  readonly port: MachinePort;
  /** Lines of the heading, from the top. */
  readonly heading: readonly string[];
}

/** The content of a cell. */
interface Mark {
  readonly text: string;
  readonly style: Parameters<Paint>[0];
  readonly meaning: string;
}

const MARKS = {
  open: { text: '✓', style: 'green', meaning: 'connects' },
  timeout: { text: '✗', style: 'red', meaning: 'times out' },
  refused: { text: '⊘', style: 'magenta', meaning: 'refused: it arrives where nobody listens' },
  unreachable: { text: '∅', style: 'magenta', meaning: 'unreachable: the network has no way there' },
  unsettled: { text: '?', style: 'yellow', meaning: 'not settled yet' },
  'not probed': { text: '·', style: 'dim', meaning: 'SCTP, not probed here (no SCTP sockets)' },
} as const satisfies Readonly<Record<Reading['measured'], Mark>>;

const SELF: Mark = { text: '–', style: 'dim', meaning: 'itself' };
const DISAGREES: Mark = { text: '!', style: ['bold', 'red'], meaning: 'NOT what the policies say' };

const GAP = '   ';

/** The largest share of the width that a name may take; longer ones lose their middle. */
const NAME_SHARE = 0.4;
const MIN_NAME_WIDTH = 24;

const headingOf = ({ name, machines: [machine] }: Fold, { protocol, port }: MachinePort): readonly string[] => {
  const [first = name, second = ''] = name.split('/');
  const isOutside = machine?.node === undefined;
  return [first, isOutside ? (machine?.ips[0] ?? second) : second, `${protocol} ${port}`];
};

const columnsOf = (folds: readonly Fold[]): readonly Column[] =>
  folds.flatMap((to) => (to.machines[0]?.ports ?? []).map((port) => ({ to, port, heading: headingOf(to, port) })));

/** Returns the name; for a machine outside also the address that rules contain. */
const rowName = ({ name, machines: [machine] }: Fold): string =>
  machine?.node === undefined && !name.includes('/') ? `${name} (${(machine?.ips ?? []).join(', ')})` : name;

/** Returns a name of up to `width` characters, with its middle left out: its ends tell most. */
const shorten = (name: string, width: number): string => {
  if (name.length <= width) return name;
  const head = Math.ceil((width - 1) / 2);
  return `${name.slice(0, head)}…${name.slice(name.length - (width - 1 - head))}`;
};

const cellKey = (from: string, to: string, { protocol, port }: MachinePort): string =>
  [from, to, protocol, port].join(' ');

/** Returns one mark if all families agree, else one per family: `4✓ 6✗`. */
const marksOf = (readings: readonly Reading[]): readonly { mark: Mark; prefix: string }[] => {
  const marks = readings.map((reading) => ({
    mark: MARKS[reading.measured],
    wrong: disagrees(reading),
    prefix: reading.family === 'ipv4' ? '4' : '6',
  }));
  const same = new Set(marks.map(({ mark }) => mark)).size === 1;
  const shown = same ? marks.slice(0, 1).map((entry) => ({ ...entry, prefix: '' })) : marks;
  const wrong = marks.some((entry) => entry.wrong) ? [{ mark: DISAGREES, prefix: '' }] : [];
  return [...shown.map(({ mark, prefix }) => ({ mark, prefix })), ...wrong];
};

/** A cell's text and its width. */
interface Cell {
  readonly text: string;
  readonly width: number;
  readonly marks: readonly Mark[];
}

const cellOf = (readings: readonly Reading[] | undefined, isSelf: boolean, paint: Paint): Cell => {
  if (isSelf) return { text: paint(SELF.style, SELF.text), width: 1, marks: [SELF] };
  const marks = marksOf(readings ?? []);
  return {
    text: marks.map(({ mark, prefix }) => prefix + paint(mark.style, mark.text)).join(''),
    width: marks.reduce((sum, { mark, prefix }) => sum + prefix.length + mark.text.length, 0),
    marks: marks.map(({ mark }) => mark),
  };
};

const pad = (text: string, width: number, columns: number): string => text + ' '.repeat(Math.max(0, columns - width));

/** Returns the number of columns that fit beside the row names; at least one. */
const takeFitting = (widths: readonly number[], room: number): number => {
  let used = 0;
  let count = 0;
  for (const width of widths) {
    used += width + GAP.length;
    if (used > room && count > 0) return count;
    count += 1;
  }
  return count;
};

const headingLines = (columns: readonly Column[], widths: readonly number[], indent: string, paint: Paint): string[] =>
  [0, 1, 2].map((level) => {
    const cells = columns.map(({ heading }, index) => {
      const before = columns[index - 1]?.heading;
      // A namespace or pod that continues from the previous column is not repeated.
      const repeated = level < 2 && heading.slice(0, level + 1).join(' ') === before?.slice(0, level + 1).join(' ');
      const text = repeated ? '' : (heading[level] ?? '');
      return GAP + paint(level === 1 ? 'bold' : 'dim', pad(text, text.length, widths[index] ?? 0));
    });
    return `${indent}${cells.join('')}`.trimEnd();
  });

const legendOf = (marks: Iterable<Mark>): string => {
  const used = new Set(marks);
  return [...Object.values(MARKS), SELF, DISAGREES]
    .filter((mark) => used.has(mark))
    .map(({ text, meaning }) => `${text} ${meaning}`)
    .join('   ');
};

/** The order of the rows: by name, or the machine with most refusals first. */
export type Order = 'name' | 'refused';

/** The part of the table to show. */
export interface Selection {
  /** Rows whose name contains it. */
  readonly from: string;
  /** Columns whose machine's name contains it. */
  readonly to: string;
  readonly order: Order;
}

export const EVERYTHING: Selection = { from: '', to: '', order: 'name' };

/** Columns of the table that fit side by side. */
export interface Block {
  /** Lines of the heading. */
  readonly heading: readonly string[];
  readonly rows: readonly string[];
}

/** The table cut into blocks that fit, from left to right. */
export interface Table {
  readonly blocks: readonly Block[];
  readonly legend: string;
  /** A sentence in place of a table that has no row or no column. */
  readonly empty?: string;
}

interface TableStyle {
  readonly width: number;
  readonly paint: Paint;
}

/** Returns how many cells of a row are refused. */
const refusals = (cells: readonly Cell[]): number =>
  cells.filter(({ marks }) => marks.some((mark) => mark !== MARKS.open && mark !== SELF && mark !== DISAGREES)).length;

/** Lays out who reaches whom: a row per machine, a column per port of a machine. Replicas that fare alike are one row. */
export const layOutTable = (
  machines: readonly Machine[],
  readings: readonly Reading[],
  { width, paint }: TableStyle,
  { from, to, order }: Selection = EVERYTHING,
): Table => {
  const folds = foldReplicas(machines, readings);
  const declared = columnsOf(folds);
  if (declared.length === 0) {
    return { blocks: [], legend: '', empty: 'no pod declares a container port: there is nothing to reach' };
  }
  const columns = declared.filter((column) => column.to.name.includes(to));
  const byCell = Map.groupBy(readings, (reading) => cellKey(reading.from, reading.to, reading));
  const rowOf = (fold: Fold): { readonly fold: Fold; readonly cells: readonly Cell[] } => ({
    fold,
    cells: columns.map((column) => {
      const ends = endsOf(fold, column.to);
      return cellOf(ends && byCell.get(cellKey(ends.from, ends.to, column.port)), ends === undefined, paint);
    }),
  });
  const rows = folds.filter(({ name }) => name.includes(from)).map(rowOf);
  if (rows.length === 0 || columns.length === 0) return { blocks: [], legend: '', empty: 'no connection matches' };
  if (order === 'refused') rows.sort((a, b) => refusals(b.cells) - refusals(a.cells));
  const longest = Math.max(MIN_NAME_WIDTH, Math.floor(width * NAME_SHARE));
  const shown = columns.map((column) => ({ ...column, heading: column.heading.map((line) => shorten(line, longest)) }));
  const widths = shown.map(({ heading }, index) =>
    Math.max(...heading.map((line) => line.length), ...rows.map(({ cells }) => cells[index]?.width ?? 0)),
  );
  const names = rows.map(({ fold }) => shorten(rowName(fold), longest));
  const indent = Math.max(...names.map((name) => name.length));
  const blocks: Block[] = [];
  for (let start = 0; start < columns.length; ) {
    const end = start + takeFitting(widths.slice(start), width - indent);
    const heading = headingLines(shown.slice(start, end), widths.slice(start, end), ' '.repeat(indent), paint);
    const lines = rows.map(({ cells }, row) => {
      const texts = cells
        .slice(start, end)
        .map((cell, index) => GAP + pad(cell.text, cell.width, widths[start + index] ?? 0));
      return `${(names[row] ?? '').padEnd(indent)}${texts.join('')}`.trimEnd();
    });
    blocks.push({ heading, rows: lines });
    start = end;
  }
  const marks = rows.flatMap(({ cells }) => cells.flatMap((cell) => cell.marks));
  return {
    blocks,
    legend: wrap(legendOf(marks), width, '   ')
      .map((line) => paint('dim', line))
      .join('\n'),
  };
};

/** Renders the whole table, one block below the other, and a legend of its marks at the end. */
export const renderTable = (machines: readonly Machine[], readings: readonly Reading[], style: TableStyle): string => {
  const { blocks, legend, empty } = layOutTable(machines, readings, style);
  return empty ?? [...blocks.map(({ heading, rows }) => [...heading, ...rows].join('\n')), legend].join('\n\n');
};
