import type { Random } from '../random.ts';
import type { Stage } from '../stage/stage.ts';

/** The effects of a harm. */
export interface Harmed {
  /** The nodes whose rules another program has changed: until the repair, verdicts there are not guaranteed. */
  readonly tampered: readonly string[];
  /** Ends it. */
  heal(): Promise<void>;
}

/** A failure while the cluster changes. */
export interface Harm {
  /** The name in the report: `agent killed`. */
  readonly name: string;
  /** `foreign`: what others have comes or goes, and stays; it is no excuse for anything. */
  readonly kind: 'fault' | 'tampering' | 'foreign';
  /** The backend that it needs; either if absent. */
  readonly only?: 'nft' | 'legacy';
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  /** Begins it; changes are made until its end. */
  strike(stage: Stage, random: Random): Promise<Harmed>;
}

export const NO_TAMPERING: Pick<Harmed, 'tampered'> = { tampered: [] };
