import type { IptablesBackend } from '../../src/lab/settings.ts';

/** What a proof was asked to show, and whether it did. */
export interface Finding {
  readonly what: string;
  readonly value: string;
  /** Undefined for figures that are told and not judged. */
  readonly goal?: string;
  readonly met?: boolean;
}

/** A counted proof. */
export interface Row {
  readonly name: string;
  readonly about: string;
  /** @param say tells how far it is */
  prove(backend: IptablesBackend, rounds: number, say: (line: string) => void): Promise<readonly Finding[]>;
}
