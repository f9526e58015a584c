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
  /** `foreign`: what others have comes or goes, and stays; it is no excuse for anything. */
  readonly kind: 'fault' | 'tampering' | 'foreign';
  /** The backend that it needs; either if absent. */
  readonly only?: 'nft' | 'legacy';
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  /** Begins it; changes are made between this and its end. */
  strike(stage: Stage, random: Random): Promise<Harmed>;
}

export const NO_TAMPERING: Pick<Harmed, 'tampered'> = { tampered: [] };
