/** Returns `a, b and 3 more`. */
export const listFew = (all: readonly string[], most = 4): string => {
  const shown = all.slice(0, most).join(', ');
  return all.length > most ? `${shown} and ${all.length - most} more` : shown;
};

/** Returns `1 pod`, `2 pods` or `2 policies`. */
export const count = (number: number, noun: string): string => {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
};

/** Returns the number of edits that make one word of the other (Damerau, restricted): a letter more, less or other, or two
 * neighbours swapped. */
const distance = (one: string, other: string): number => {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, at) => at)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= one.length; row += 1) {
    rows[row] = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const differs = one[row - 1] === other[column - 1] ? 0 : 1;
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const steps = [cell(row - 1, column) + 1, cell(row, column - 1) + 1, cell(row - 1, column - 1) + differs];
      if (swapped) steps.push(cell(row - 2, column - 2) + 1);
      (rows[row] ?? []).push(Math.min(...steps));
    }
  }
  return cell(one.length, other.length);
};

/** Longer words are not compared: that takes long, and they are no typing errors of each other. */
const MAX_LENGTH = 63;

/**
 * Returns the only word of which `word` is likely a typing error: up to two edits, one in words of fewer than six letters,
 * only the case in those of fewer than three. Undefined if there is none, or several are equally close.
 */
export const closest = (word: string, candidates: Iterable<string>): string | undefined => {
  const most = word.length < 3 ? 0 : word.length < 6 ? 1 : 2;
  let best: { readonly candidate: string; readonly edits: number } | undefined;
  let isAlone = false;
  for (const candidate of new Set(candidates)) {
    if (candidate === word || Math.abs(candidate.length - word.length) > most || candidate.length > MAX_LENGTH)
      continue;
    const edits = distance(word.toLowerCase(), candidate.toLowerCase());
    if (edits > most || (best !== undefined && edits > best.edits)) continue;
    isAlone = best === undefined || edits < best.edits;
    best = { candidate, edits };
  }
  return isAlone ? best?.candidate : undefined;
};
