import type { Cell } from './cells.ts';
import { headOf, type TableEnd } from './table.ts';

const COLOUR: Readonly<Record<Cell['verdict'], string>> = { every: '#2b8a3e', some: '#f08c00', denied: '#c92a2a' };
const LETTER = 7;
const MARGIN = 10;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Cells get smaller with their number; heads are left out where they could not be read. */
const sideOf = (ends: number): number => (ends <= 60 ? 18 : ends <= 200 ? 8 : 3);

/**
 * The matrix as a picture: a square for each connection, green at every port, orange at some, red at none. The titles of the
 * squares, which browsers show under the pointer, have names and ports.
 */
export function* svgLines(ends: readonly TableEnd[], cells: Iterable<Cell>): Generator<string> {
  const side = sideOf(ends.length);
  const hasHeads = side >= 8;
  const heads = hasHeads ? Math.max(...ends.map((end) => headOf(end).length)) * LETTER + MARGIN : 0;
  const [left, top] = [MARGIN + heads, MARGIN + heads];
  const size = left + ends.length * side + MARGIN;
  yield `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size + 30}" font-family="monospace" font-size="${Math.min(side - 2, 12)}">\n`;
  yield '<rect width="100%" height="100%" fill="#fff"/>\n';
  if (hasHeads) {
    for (const [at, end] of ends.entries()) {
      const middle = at * side + side * 0.7;
      yield `<text x="${left - 4}" y="${top + middle}" text-anchor="end">${escaped(headOf(end))}</text>\n`;
      yield `<text transform="translate(${left + middle},${top - 4}) rotate(-90)">${escaped(headOf(end))}</text>\n`;
    }
  }
  const place = new Map(ends.map(({ name }, at) => [name, at]));
  for (const { from, to, verdict, ports } of cells) {
    const [row, column] = [place.get(from), place.get(to)];
    if (row === undefined || column === undefined) continue;
    const at = `x="${left + column * side}" y="${top + row * side}"`;
    yield `<rect ${at} width="${side - 1}" height="${side - 1}" fill="${COLOUR[verdict]}"><title>${escaped(`${from} → ${to}: ${ports ?? 'some'}`)}</title></rect>\n`;
  }
  yield `<text x="${MARGIN}" y="${size + 16}" font-size="12">rows: from, columns: to; green: every port, orange: some, red: none</text>\n</svg>\n`;
}
