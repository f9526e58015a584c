import type { CommandRunner } from './command.ts';

/** Reads an output while it comes in. */
export interface PieceReader<Result> {
  /** Must not throw. */
  take(piece: string): void;
  /** To be called after the last piece. @throws where something was not as expected */
  end(): Result;
}

export interface ReadPiecesOptions<Result> {
  readonly createReader: () => PieceReader<Result>;
  readonly timeoutMs: number;
}

/**
 * Runs a program whose output may be very long: it is never in memory as a whole, and between two pieces (64 kB) other
 * work has its turn. @throws CommandError, and what the reader's end throws
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
