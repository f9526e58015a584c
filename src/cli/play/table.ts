import type { Machine } from './machine.ts';
import type { Paint } from './paint.ts';
import { disagrees, type Reading } from './reading.ts';
import type { MachinePort } from './world.ts';

/** One column: a port of a machine. */
interface Column {
  readonly to: string;
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

const headingOf = ({ name, node, ips }: Machine, { protocol, port }: MachinePort): readonly string[] => {
  const [first = name, second = ''] = name.split('/');
  return [first, node === undefined ? (ips[0] ?? second) : second, `${protocol} ${port}`];
};

const columnsOf = (machines: readonly Machine[]): readonly Column[] =>
  machines.flatMap((machine) =>
    machine.ports.map((port) => ({ to: machine.name, port, heading: headingOf(machine, port) })),
  );

/** Returns the name; for a machine outside also the address that rules contain. */
const rowName = ({ name, node, ips }: Machine): string =>
  node === undefined && !name.includes('/') ? `${name} (${ips.join(', ')})` : name;

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

/**
 * Renders who reaches whom: a row per machine, a column per port of a machine, and a legend at the end. Columns that do
 * not fit continue below.
 */
export const renderTable = (
  machines: readonly Machine[],
  readings: readonly Reading[],
  { width, paint }: { readonly width: number; readonly paint: Paint },
): string => {
  const columns = columnsOf(machines);
  if (columns.length === 0) return 'no pod declares a container port: there is nothing to reach';
  const byCell = Map.groupBy(readings, ({ from, to, protocol, port }) => cellKey(from, to, { protocol, port }));
  const cells = machines.map(({ name }) =>
    columns.map(({ to, port }) => cellOf(byCell.get(cellKey(name, to, port)), name === to, paint)),
  );
  const widths = columns.map(({ heading }, index) =>
    Math.max(...heading.map((line) => line.length), ...cells.map((row) => row[index]?.width ?? 0)),
  );
  const names = machines.map(rowName);
  const indent = Math.max(...names.map((name) => name.length));
  const blocks: string[] = [];
  for (let start = 0; start < columns.length; ) {
    const end = start + takeFitting(widths.slice(start), width - indent);
    const heading = headingLines(columns.slice(start, end), widths.slice(start, end), ' '.repeat(indent), paint);
    const rows = names.map((name, row) => {
      const shown = (cells[row] ?? []).slice(start, end);
      const texts = shown.map((cell, index) => GAP + pad(cell.text, cell.width, widths[start + index] ?? 0));
      return `${name.padEnd(indent)}${texts.join('')}`.trimEnd();
    });
    blocks.push([...heading, ...rows].join('\n'));
    start = end;
  }
  return [...blocks, paint('dim', legendOf(cells.flat().flatMap(({ marks }) => marks)))].join('\n\n');
};
