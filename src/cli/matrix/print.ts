import { formatOutput } from '../output.ts';
import type { Progress } from '../progress.ts';
import { connectionsIn } from './all-connections.ts';
import { type Answer, endsOf, summaryOf } from './answer.ts';
import { type Cell, cellsOf } from './cells.ts';
import { csvLines } from './csv.ts';
import { dotLines } from './dot.ts';
import { svgLines } from './svg.ts';
import { summaryLines } from './text.ts';
import { asText } from './text-form.ts';

/** How a matrix can be printed. */
export const MATRIX_FORMATS = ['text', 'wide', 'json', 'yaml', 'csv', 'dot', 'svg'] as const;

export type MatrixFormat = (typeof MATRIX_FORMATS)[number];

/** Pieces of this many characters are written at once. */
const PIECE = 65_536;

function* inPieces(lines: Iterable<string>): Generator<string> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

const watched = function* (cells: Iterable<Cell>, total: number, progress: Progress): Generator<Cell> {
  let done = 0;
  for (const cell of cells) {
    done += 1;
    if (done % 4_096 === 0) progress.at('writing connections', Math.min(done / Math.max(total, 1), 1));
    yield cell;
  }
};

/** The document of `-o json`, a connection at a time: there may be more than one text can hold. */
function* jsonPieces(answer: Answer): Generator<string> {
  const { question, finder } = answer;
  const ends = endsOf(question);
  yield `{\n  "endpoints": ${JSON.stringify(ends.map(({ name }) => name))},\n`;
  yield `  "pods": ${JSON.stringify(Object.fromEntries(ends.map(({ name, pods }) => [name, pods])))},\n`;
  yield `  "summary": ${JSON.stringify(summaryOf(answer))},\n  "connections": [`;
  let separator = '\n';
  for (const connection of connectionsIn(finder, question)) {
    yield `${separator}${JSON.stringify(connection, undefined, 2).replaceAll(/^/gm, '    ')}`;
    separator = ',\n';
  }
  yield '\n  ]\n}\n';
}

/** The matrix in a format, in pieces. */
export function* printMatrix(answer: Answer, format: MatrixFormat): Generator<string> {
  const { reach, question, finder, progress } = answer;
  const total = question.blocks.reduce(
    (sum, { sources, destinations }) => sum + sources.length * destinations.length,
    0,
  );
  const cells = (): Iterable<Cell> => watched(cellsOf(reach, question), total, progress);
  switch (format) {
    case 'text':
    case 'wide':
      yield `${asText(answer, format === 'wide').trimEnd()}\n`;
      return;
    case 'json':
      yield* inPieces(jsonPieces(answer));
      return;
    case 'yaml': {
      const ends = endsOf(question);
      const document = {
        endpoints: ends.map(({ name }) => name),
        pods: Object.fromEntries(ends.map(({ name, pods }) => [name, pods])),
        summary: summaryOf(answer),
        connections: [...connectionsIn(finder, question)],
      };
      yield formatOutput('yaml', document, () => '');
      return;
    }
    case 'csv':
      yield* inPieces(csvLines(cells()));
      return;
    case 'dot':
      yield* inPieces(dotLines(endsOf(question), cells()));
      return;
    case 'svg':
      yield* inPieces(svgLines(endsOf(question), cells()));
  }
}

/** `--summary`: the numbers alone. */
export const printSummary = (answer: Answer, format: 'text' | 'json' | 'yaml'): string => {
  const summary = summaryOf(answer);
  return formatOutput(format, { summary }, () => summaryLines(summary).join('\n'));
};
