import type { Cell, ShownVerdict } from './cells.ts';

const WIDEST_CELL = 18;

/** The legend of a table's cells. */
export const LEGEND: readonly string[] = [
  'all: every port   -: nothing   .: not asked',
  'some: more ports than fit here, or not the same for all addresses',
];

/** The text of a cell that the question does not ask about. */
export const NOT_ASKED = '.';

export const cellText = ({ verdict, ports }: ShownVerdict): string => {
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

/** The sides of a table. */
export interface TableEnds {
  readonly rows: readonly TableEnd[];
  readonly columns: readonly TableEnd[];
}

const CORNER = 'from \\ to';
const GAP = 2;

const aligned = (lines: readonly (readonly string[])[]): readonly string[] => {
  const widths = lines[0]?.map((_, column) =>
    lines.reduce((most, line) => Math.max(most, line[column]?.length ?? 0), 0),
  );
  return lines.map((line) =>
    line
      .map((text, column) => text.padEnd(widths?.[column] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
};

/** The lines of a table, its head included. */
export const gridLines = (
  rows: readonly string[],
  columns: readonly string[],
  textAt: (row: number, column: number) => string,
): readonly string[] =>
  aligned([
    [CORNER, ...columns],
    ...rows.map((head, row) => [head, ...columns.map((_, column) => textAt(row, column))]),
  ]);

/** The lines of the table with a row and a column for each end. */
export const tableLines = ({ rows, columns }: TableEnds, cells: Iterable<Cell>): readonly string[] => {
  const placeOf = (ends: readonly TableEnd[]) => new Map(ends.map(({ name }, at) => [name, at]));
  const [rowOf, columnOf] = [placeOf(rows), placeOf(columns)];
  const texts = rows.map(() => columns.map(() => NOT_ASKED));
  for (const cell of cells) {
    const row = texts[rowOf.get(cell.from) ?? -1];
    const column = columnOf.get(cell.to);
    if (row !== undefined && column !== undefined) row[column] = cellText(cell);
  }
  return gridLines(rows.map(headOf), columns.map(headOf), (row, column) => texts[row]?.[column] ?? NOT_ASKED);
};

/** No table is narrower than its heads. */
export const leastWidth = ({ rows, columns }: TableEnds): number =>
  columns.reduce(
    (sum, end) => sum + headOf(end).length + GAP,
    Math.max(CORNER.length, ...rows.map((end) => headOf(end).length)),
  );
