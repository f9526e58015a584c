/** Reads an output while it comes in. */
export interface PieceReader<Result> {
  /** Must not throw. */
  take(piece: string): void;
  /** To be called after the last piece. @throws where something was not as expected */
  end(): Result;
}
