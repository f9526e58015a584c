import type { Random } from '../random.ts';
import type { Stage } from '../stage/stage.ts';

/** What a harm did. */
export interface Harmed {
  /** The nodes whose rules somebody else has changed: what passes there is nobody's promise until that is mended. */
  readonly tampered: readonly string[];
  /** Ends it. */
  heal(): Promise<void>;
}

/** Something that goes wrong while the cluster changes. */
export interface Harm {
  /** For the report: `agent killed`. */
  readonly name: string;
  readonly kind: 'fault' | 'tampering';
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  /** Begins it; changes are made between this and its end. */
  strike(stage: Stage, random: Random): Promise<Harmed>;
}

export const NO_TAMPERING: Pick<Harmed, 'tampered'> = { tampered: [] };
