import type { Summary } from '../../reach/summary.ts';
import { connectionsIn } from './all-connections.ts';
import { type Answer, summaryOf, tableEndsOf } from './answer.ts';
import { cellsOf } from './cells.ts';
import { type FoldedTable, foldTable } from './fold.ts';
import { memberLines } from './members.ts';
import { gridLines, leastWidth, LEGEND, tableLines } from './table.ts';
import { MOST_TOLD, reasonLines, summaryLines } from './text.ts';

const WAYS = 'All of it: -o wide, csv, json, dot or svg. Less of it: -n NAMESPACE, --from, --to.';

/**
 * Maximum number of pairs of classes that are compared to fold a table, a second of work. A thousand classes of each side hardly
 * fold into what a window has room for.
 */
const MOST_PAIRS = 1_000_000;

/** Characters of a column, with the blanks before it, at least. */
const MIN_COLUMN = 3;

const widthOf = (table: readonly string[]): number => table.reduce((most, line) => Math.max(most, line.length), 0);

/** Maximum number of tables below each other that columns are spread over. */
const MOST_PARTS = 4;

/** The numbers from the first to the last. */
const counting = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** A folded table, its columns spread evenly over a number of tables. */
const tablesOf = (folded: FoldedTable, columns: readonly string[], parts: number): readonly (readonly string[])[] => {
  const rows = folded.rows.map(({ head }) => head);
  const size = Math.max(1, Math.ceil(columns.length / parts));
  return counting(0, Math.ceil(columns.length / size) - 1).map((part) =>
    gridLines(rows, columns.slice(part * size, (part + 1) * size), (row, column) =>
      folded.textAt(row, part * size + column),
    ),
  );
};

/** The table in which rows and columns that are alike are one, where that fits the window. */
const foldedPart = ({ reach, question, window }: Answer, width: number): readonly string[] | undefined => {
  const folded = foldTable(reach, question, MOST_PAIRS);
  if (folded === undefined) return undefined;
  const named = folded.columns.map(({ head }) => head);
  const numbered = named.map((_, at) => String(at + 1));
  if (named.length * MIN_COLUMN > window * MOST_PARTS) return undefined;
  const ways = [
    { columns: named, parts: 1 },
    ...counting(1, MOST_PARTS).map((parts) => ({ columns: numbered, parts })),
  ];
  for (const { columns, parts } of ways) {
    const tables = tablesOf(folded, columns, parts);
    if (tables.some((table) => widthOf(table) > window)) continue;
    return [
      `The table needs ${width} characters or more, and there is room for ${window}.`,
      `Here rows that are alike are one, and so are columns${columns === numbered ? ', which have numbers' : ''}.`,
      WAYS,
      ...tables.flatMap((table) => ['', ...table]),
      '',
      ...LEGEND,
      '',
      ...memberLines(folded, columns, window),
    ];
  }
  return undefined;
};

const tablePart = (answer: Answer, isWide: boolean): readonly string[] => {
  const { reach, question, window } = answer;
  const ends = tableEndsOf(question);
  const least = leastWidth(ends);
  const table = isWide || least <= window ? tableLines(ends, cellsOf(reach, question)) : undefined;
  const width = table === undefined ? least : widthOf(table);
  if (table !== undefined && (isWide || width <= window)) return [...table, '', ...LEGEND];
  return (
    foldedPart(answer, width) ?? [
      `The table has ${ends.columns.length} columns and needs ${width} characters or more; there is room for ${window}.`,
      WAYS,
    ]
  );
};

const countOf = ({ betweenWorkloads: { every, some, denied } }: Summary): number => every + some + denied;

/** The matrix as text: the table, the reasons, the numbers. */
export const asText = (answer: Answer, isWide: boolean): string => {
  const { reach, question, finder } = answer;
  const summary = summaryOf(answer);
  const ruled = countOf(summary) - summary.unruled;
  const reasons = ruled > MOST_TOLD ? undefined : reasonLines(connectionsIn(finder, question, reach));
  const parts = [
    tablePart(answer, isWide),
    reasons ?? [`More than ${MOST_TOLD} connections are ruled by policies; -o json has the reasons of each.`],
    summaryLines(summary),
  ];
  return parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
};
