/** A packet with a forbidden outcome, and all that is known of it. */
export interface Finding {
  readonly kind: 'leak' | 'wrong refusal' | 'wrong verdict' | 'not settled' | 'added twice' | 'wrong health';
  readonly seed: number;
  readonly step: number;
  /** The changes and the harm of the step. */
  readonly doing: string;
  readonly what: string;
  readonly ms?: number;
  /** The cluster before and after the step. */
  readonly states?: readonly [before: string, after: string];
}

/** All counts; durations are in milliseconds. */
export interface Tally {
  seeds: number;
  steps: number;
  readonly changes: Map<string, number>;
  readonly harms: Map<string, number>;
  /** Times from a tampering to its repair, by name. */
  readonly mended: Map<string, number[]>;
  readonly stepMs: number[];
  pulsePackets: number;
  pulseDenied: number;
  pulseAllowed: number;
  sampled: number;
  sampledDenied: number;
  /** Number of health requests, and of answers that named a part as not in force. */
  healthLooks: number;
  healthTold: number;
  /** Number of checks for rules that were added twice. */
  tableLooks: number;
  readonly findings: Finding[];
}

export const createTally = (): Tally => ({
  seeds: 0,
  steps: 0,
  changes: new Map(),
  harms: new Map(),
  mended: new Map(),
  stepMs: [],
  pulsePackets: 0,
  pulseDenied: 0,
  pulseAllowed: 0,
  sampled: 0,
  sampledDenied: 0,
  healthLooks: 0,
  healthTold: 0,
  tableLooks: 0,
  findings: [],
});

export const count = (counts: Map<string, number>, name: string): void => {
  counts.set(name, (counts.get(name) ?? 0) + 1);
};

/** Returns the quantile for a share (0 to 1) of the values; 0 without values. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
};
