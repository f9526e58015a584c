import type { IptablesBackend } from '../../src/lab/settings.ts';

/** A goal of a proof, and whether it was met. */
export interface Finding {
  readonly what: string;
  readonly value: string;
  /** Undefined for figures that are only reported. */
  readonly goal?: string;
  readonly met?: boolean;
}

/** A counted proof. */
export interface Row {
  readonly name: string;
  readonly about: string;
  /** @param say reports progress */
  prove(backend: IptablesBackend, rounds: number, say: (line: string) => void): Promise<readonly Finding[]>;
}
