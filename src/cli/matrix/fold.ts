import { byText } from '../../policy/text-order.ts';
import type { ClusterReach } from '../../reach/cluster-reach.ts';
import type { Question } from '../../reach/summary.ts';
import { pairCount, type Row } from '../../reach/workloads.ts';
import { OUTSIDE } from '../resolve/resolve.ts';
import { classVerdicts, type ShownVerdict } from './cells.ts';
import { destinationsIn, sourcesIn } from './question.ts';
import { cellText, headOf, NOT_ASKED } from './table.ts';

/** Rows of the matrix that are alike on one side of the table. */
export interface FoldedEnd {
  /** `shop/web ×3`, `shop/*`, `12 like shop/web ×3`. */
  readonly head: string;
  /** The workloads that it stands for; none for the outside. */
  readonly rows: readonly Row[];
}

/** A table in which rows that are alike are one, and columns that are alike are one. */
export interface FoldedTable {
  readonly rows: readonly FoldedEnd[];
  readonly columns: readonly FoldedEnd[];
  textAt(row: number, column: number): string;
}

/** Rows of one class that the question treats alike: they need no comparison. */
interface Kind {
  /** Undefined for the outside. */
  readonly podClass: number | undefined;
  /** The blocks of the question that have them on this side, by number. */
  readonly blocks: readonly number[];
  /** The question combines them with the outside. */
  readonly meetsOutside: boolean;
  readonly rows: readonly Row[];
}

const OUTSIDE_KIND: Kind = { podClass: undefined, blocks: [], meetsOutside: false, rows: [] };

const kindsOf = (
  rows: readonly Row[],
  blocks: readonly (readonly Row[])[],
  meetsOutside: readonly Row[],
): readonly Kind[] => {
  const members = blocks.map((block) => new Set(block));
  const outside = new Set(meetsOutside);
  const blocksOf = (row: Row): readonly number[] => members.flatMap((block, at) => (block.has(row) ? [at] : []));
  const keyOf = (row: Row): string => [row.podClass, outside.has(row), ...blocksOf(row)].join(' ');
  return [...Map.groupBy(rows, keyOf).values()].flatMap((alike) => {
    const [first] = alike;
    if (first === undefined) return [];
    return [{ podClass: first.podClass, blocks: blocksOf(first), meetsOutside: outside.has(first), rows: alike }];
  });
};

/** Names rows of one side that became one. */
const headOfAll = (rows: readonly Row[], sizes: ReadonlyMap<string, number>): string => {
  const [first] = rows;
  if (first === undefined) return OUTSIDE;
  if (rows.length === 1) return headOf({ name: first.name, pods: first.pods.length });
  const namespaces = Map.groupBy(rows, ({ namespace }) => namespace);
  const areWhole = [...namespaces].every(([namespace, members]) => members.length === sizes.get(namespace));
  if (!areWhole) return `${rows.length} like ${first.name}`;
  return namespaces.size === 1 ? `${first.namespace}/*` : `${namespaces.size} namespaces like ${first.namespace}`;
};

/** Counts the rows of each namespace. */
export const namespaceSizes = (rows: readonly Row[]): ReadonlyMap<string, number> =>
  new Map([...Map.groupBy(rows, ({ namespace }) => namespace)].map(([name, members]) => [name, members.length]));

const byFirstRow = ({ rows: [a] }: FoldedEnd, { rows: [b] }: FoldedEnd): number => {
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  return byText(a.name, b.name);
};

/** One side of the table while it is folded: its kinds, all and by block. */
interface Side {
  readonly kinds: readonly Kind[];
  /** Kinds of each block of the question, by number. */
  readonly inBlock: readonly (readonly Kind[])[];
}

const sideOf = (
  rows: readonly Row[],
  blocks: readonly (readonly Row[])[],
  meetsOutside: readonly Row[],
  hasOutside: boolean,
): Side => {
  const kinds = kindsOf(rows, blocks, meetsOutside);
  return {
    kinds: hasOutside ? [OUTSIDE_KIND, ...kinds] : kinds,
    inBlock: blocks.map((_, at) => kinds.filter((kind) => kind.blocks.includes(at))),
  };
};

/** Puts kinds together whose cells are equal in all of the other side. */
const merge = (
  { kinds }: Side,
  other: Side,
  textWith: (kind: Kind, far: Kind) => string,
): readonly (readonly Kind[])[] => {
  const signatureOf = (kind: Kind): string =>
    kind === OUTSIDE_KIND
      ? OUTSIDE
      : [
          kind.meetsOutside ? textWith(kind, OUTSIDE_KIND) : NOT_ASKED,
          ...kind.blocks.flatMap((block) => [
            `block ${block}`,
            ...(other.inBlock[block] ?? []).map((far) => textWith(kind, far)),
          ]),
        ].join('\n');
  return [...Map.groupBy(kinds, signatureOf).values()];
};

/** Pairs of kinds that have to be compared. */
const pairsOf = (sources: Side, destinations: Side): number =>
  sources.inBlock.reduce((sum, kinds, at) => sum + kinds.length * (destinations.inBlock[at]?.length ?? 0), 0);

/** A folded end, with one of its kinds, which speaks for all. */
interface Folded extends FoldedEnd {
  readonly kind: Kind;
}

/** Reports whether there are two different pods, one of each end. */
const hasPair = (from: FoldedEnd, to: FoldedEnd): boolean =>
  from.rows.length === 0 ||
  to.rows.length === 0 ||
  from.rows.some((source) => to.rows.some((destination) => pairCount(source, destination) > 0));

/**
 * Folds the table of a question: rows that are alike in every column become one, and so do columns. A pod has no connection to
 * itself; there the verdict on another pod of its class is compared.
 *
 * @param mostPairs undefined is returned where more pairs of classes had to be compared
 */
export const foldTable = (reach: ClusterReach, question: Question, mostPairs: number): FoldedTable | undefined => {
  const { blocks, fromOutside, toOutside } = question;
  const [sourceRows, destinationRows] = [sourcesIn(question), destinationsIn(question)];
  const sources = sideOf(
    sourceRows,
    blocks.map((block) => block.sources),
    toOutside,
    fromOutside.length > 0,
  );
  const destinations = sideOf(
    destinationRows,
    blocks.map((block) => block.destinations),
    fromOutside,
    toOutside.length > 0,
  );
  if (pairsOf(sources, destinations) > mostPairs) return undefined;

  const verdicts = classVerdicts(reach);
  const verdictOf = (source: Kind, destination: Kind): ShownVerdict | undefined => {
    const [from, to] = [source.podClass, destination.podClass];
    if (from === undefined) return to === undefined || !destination.meetsOutside ? undefined : verdicts.fromOutside(to);
    if (to === undefined) return source.meetsOutside ? verdicts.toOutside(from) : undefined;
    return source.blocks.some((block) => destination.blocks.includes(block)) ? verdicts.between(from, to) : undefined;
  };
  const textBetween = (source: Kind, destination: Kind): string => {
    const found = verdictOf(source, destination);
    return found === undefined ? NOT_ASKED : cellText(found);
  };
  const endsOf = (groups: readonly (readonly Kind[])[], all: readonly Row[]): readonly Folded[] => {
    const sizes = namespaceSizes(all);
    return groups
      .flatMap((kinds) => {
        const [kind] = kinds;
        const rows = kinds.flatMap((each) => each.rows).sort((a, b) => byText(a.name, b.name));
        return kind === undefined ? [] : [{ head: headOfAll(rows, sizes), rows, kind }];
      })
      .sort(byFirstRow);
  };
  const rows = endsOf(merge(sources, destinations, textBetween), sourceRows);
  const columns = endsOf(
    merge(destinations, sources, (destination, source) => textBetween(source, destination)),
    destinationRows,
  );
  return {
    rows,
    columns,
    textAt(row, column) {
      const [from, to] = [rows[row], columns[column]];
      if (from === undefined || to === undefined || !hasPair(from, to)) return NOT_ASKED;
      return textBetween(from.kind, to.kind);
    },
  };
};
