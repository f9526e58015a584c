/** Parses output piece by piece. */
export interface PieceReader<Result> {
  /** Takes the next piece. Must not throw. */
  take(piece: string): void;
  /** Ends the output after its last piece. @throws if it was not as expected */
  end(): Result;
}
