import type { MapNode } from './picture.ts';

/** Places of everything on the map, in units of the map. The same nodes have the same places in every run. */
export interface Layout {
  readonly islands: readonly Island[];
  /** By node id. */
  readonly places: ReadonlyMap<string, Place>;
  readonly width: number;
  readonly height: number;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** A namespace on the map, or the outside. */
export interface Island {
  /** The namespace; '' for the outside. */
  readonly namespace: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly nodes: number;
}

const CELL_WIDTH = 150;
const CELL_HEIGHT = 84;
const PADDING = 26;
const TITLE = 34;
const GAP = 70;
/** Room for the name of a namespace. */
const MIN_WIDTH = 240;

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

interface Sized {
  readonly namespace: string;
  readonly nodes: readonly MapNode[];
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

/** The outside is one row, below everything; a namespace is about as wide as it is high. */
const sizeOf = (namespace: string, nodes: readonly MapNode[]): Sized => {
  const columns =
    namespace === '' ? Math.max(1, Math.min(nodes.length, 8)) : Math.max(1, Math.ceil(Math.sqrt(nodes.length * 0.8)));
  return {
    namespace,
    nodes,
    columns,
    width: Math.max(MIN_WIDTH, columns * CELL_WIDTH + 2 * PADDING),
    height: Math.ceil(nodes.length / columns) * CELL_HEIGHT + 2 * PADDING + TITLE,
  };
};

/** Nodes of one row stand a little apart in height, so that a line between two does not run through a third. */
const STAGGER = 16;

/** Places islands in rows from left to right in the order of their names, and the outside below. */
export const layOut = (nodes: readonly MapNode[]): Layout => {
  const groups = Map.groupBy(nodes, ({ namespace }) => namespace);
  const sized = [...groups]
    .map(([namespace, own]) =>
      sizeOf(
        namespace,
        own.toSorted((a, b) => byText(a.id, b.id)),
      ),
    )
    .sort((a, b) => Number(a.namespace === '') - Number(b.namespace === '') || byText(a.namespace, b.namespace));
  const area = sized.reduce((sum, { width, height }) => sum + (width + GAP) * (height + GAP), 0);
  const rowWidth = Math.max(Math.sqrt(area * 1.5), ...sized.map(({ width }) => width));
  const islands: Island[] = [];
  const places = new Map<string, Place>();
  let [x, y, rowHeight, total] = [0, 0, 0, 0];
  for (const { namespace, nodes: own, columns, width, height } of sized) {
    if (x > 0 && (x + width > rowWidth || namespace === '')) {
      [x, y, rowHeight] = [0, y + rowHeight + GAP, 0];
    }
    islands.push({ namespace, x, y, width, height, nodes: own.length });
    own.forEach(({ id }, at) => {
      const [column, row] = [at % columns, Math.floor(at / columns)];
      places.set(id, {
        x: x + width / 2 + (column - (columns - 1) / 2) * CELL_WIDTH,
        y: y + TITLE + PADDING + (row + 0.4) * CELL_HEIGHT + (column % 2) * STAGGER,
      });
    });
    x += width + GAP;
    total = Math.max(total, x - GAP);
    rowHeight = Math.max(rowHeight, height);
  }
  return { islands, places, width: total, height: y + rowHeight };
};
