import type { PartFailure } from './parts.ts';

/** How the loop stands, as plain data. */
export interface ReconcilerStatus {
  /** The first full programming was done and verified; stays true while the last known state is enforced. */
  readonly ready: boolean;
  /** A change is known that is not in force yet, in some part that is needed. */
  readonly pending: boolean;
  /** What is not at what policy asks for, whether the rest is or not; empty while all is well. */
  readonly notInForce: readonly PartFailure[];
  /** Failed attempts in a row, of passes or of a part that is needed; 0 while all is well. */
  readonly failures: number;
  readonly lastError: string | undefined;
  /** The resourceVersions of the state that is in force, by kind; empty before the first programming. */
  readonly appliedResourceVersions: Readonly<Record<string, string>>;
  /** The last full comparison with the kernel, and when it began. */
  readonly lastCheck: { readonly at: string; readonly differences: number } | undefined;
  /** When the kernel was last written to. */
  readonly lastChange: { readonly at: string } | undefined;
  /** Clock.now() when the oldest change that is not in force yet was noted, ms; undefined where none waits. */
  readonly waitingSince: number | undefined;
  /** Clock.now() of the loop's last sign of life, ms. */
  readonly heartbeatAt: number;
}
