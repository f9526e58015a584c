import type { Row } from '../../reach/workloads.ts';
import { type FoldedEnd, type FoldedTable, namespaceSizes } from './fold.ts';
import { headOf } from './table.ts';

/** More workloads of one namespace are counted. */
const MOST_NAMED = 3;

/** The workloads of a folded end, as short as they can be named: `shop/*` for all of a namespace. */
const namesOf = (rows: readonly Row[], sizes: ReadonlyMap<string, number>): readonly string[] =>
  [...Map.groupBy(rows, ({ namespace }) => namespace)].flatMap(([namespace, members]) => {
    if (members.length > 1 && members.length === sizes.get(namespace)) return [`${namespace}/*`];
    if (members.length > MOST_NAMED) return [`${members.length} of ${namespace}`];
    return members.map(({ name, pods }) => headOf({ name, pods: pods.length }));
  });

/** Joins as many names as fit, and says how many more there are. */
const joined = (names: readonly string[], room: number): string => {
  let text = '';
  for (const [at, name] of names.entries()) {
    const longer = at === 0 ? name : `${text}, ${name}`;
    const rest = ` and ${names.length - at} more`;
    if (at > 0 && longer.length + rest.length > room) return `${text}${rest}`;
    text = longer;
  }
  return text;
};

const sideLines = (ends: readonly FoldedEnd[], heads: readonly string[], window: number): readonly string[] => {
  const sizes = namespaceSizes(ends.flatMap(({ rows }) => rows));
  return ends.flatMap(({ head, rows }, at) => {
    const shown = heads[at] ?? head;
    const start = shown === head ? `  ${head}` : `  ${shown}: ${head}`;
    if (rows.length < 2) return shown === head ? [] : [start];
    const names = namesOf(rows, sizes);
    return names[0] === head
      ? [`${start}: ${rows.length} workloads`]
      : [`${start}: ${joined(names, window - start.length - 2)}`];
  });
};

/**
 * Says which workloads the rows and columns of a folded table stand for, a line each.
 *
 * @param columnHeads as the table shows them
 */
export const memberLines = (
  { rows, columns }: FoldedTable,
  columnHeads: readonly string[],
  window: number,
): readonly string[] => {
  const part = (title: string, lines: readonly string[]) => (lines.length > 0 ? [title, ...lines] : []);
  return [
    ...part(
      'Rows that stand for several workloads:',
      sideLines(
        rows,
        rows.map(({ head }) => head),
        window,
      ),
    ),
    ...part(
      columnHeads.every((head, at) => head === columns[at]?.head)
        ? 'Columns that stand for several workloads:'
        : 'Columns:',
      sideLines(columns, columnHeads, window),
    ),
  ];
};
