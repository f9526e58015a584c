import type { PieceReader } from '../render/piece-reader.ts';
import type { CommandRunner } from './command.ts';

export interface ReadPiecesOptions<Result> {
  readonly createReader: () => PieceReader<Result>;
  readonly timeoutMs: number;
}

/**
 * Runs a program whose output may be very long: it is never in memory as a whole, and other work runs between two
 * pieces (64 kB).
 * @throws CommandError, and the error of the reader's end
 */
export const readPieces = async <Result>(
  runner: CommandRunner,
  [file, ...args]: readonly [string, ...string[]],
  { createReader, timeoutMs }: ReadPiecesOptions<Result>,
): Promise<Result> => {
  let reader = createReader();
  await runner.run(file, args, {
    timeoutMs,
    sink: () => {
      reader = createReader();
      return reader.take;
    },
  });
  return reader.end();
};
