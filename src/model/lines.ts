/**
 * Splits a stream of text into its lines. Blank lines are left out. A line without its line break waits for the next
 * piece.
 *
 * @returns a function that takes the pieces, in order
 */
export const createLines = (onLine: (line: string) => void): ((piece: string) => void) => {
  let rest = '';
  return (piece) => {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    lines.filter((line) => line.trim() !== '').forEach((line) => onLine(line));
  };
};
