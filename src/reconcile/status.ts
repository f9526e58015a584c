import type { PartFailure } from './parts.ts';

/** The state of the loop, as plain data. */
export interface ReconcilerStatus {
  /** Whether the first full programming was done and verified; stays true while the last known state is enforced. */
  readonly ready: boolean;
  /** Whether a known change is not in force yet, in any needed part. */
  readonly pending: boolean;
  /** The parts that are not in force, needed or not; empty while all is well. */
  readonly notInForce: readonly PartFailure[];
  /** Failed attempts in a row, of passes or of a needed part; 0 while all is well. */
  readonly failures: number;
  readonly lastError: string | undefined;
  /** The resourceVersions of the state in force, by kind; empty before the first programming. */
  readonly appliedResourceVersions: Readonly<Record<string, string>>;
  /** The last full comparison with the kernel, and its start. */
  readonly lastCheck: { readonly at: string; readonly differences: number } | undefined;
  /** Time of the last write to the kernel. */
  readonly lastChange: { readonly at: string } | undefined;
  /** Clock.now() in ms when the oldest change that is not in force yet was noted; undefined if none waits. */
  readonly waitingSince: number | undefined;
  /** Clock.now() in ms of the loop's last activity. */
  readonly heartbeatAt: number;
}
