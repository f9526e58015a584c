/** How the loop stands, as plain data. */
export interface ReconcilerStatus {
  /** The first full programming was done and verified; stays true while the last known state is enforced. */
  readonly ready: boolean;
  /** A change is known that is not in force yet. */
  readonly pending: boolean;
  /** Failed passes in a row; 0 while all is well. */
  readonly failures: number;
  readonly lastError: string | undefined;
  /** The resourceVersions of the state that is in force, by kind; empty before the first programming. */
  readonly applied: Readonly<Record<string, string>>;
  /** The last full comparison with the kernel, and when it began. */
  readonly lastCheck: { readonly at: string; readonly differences: number } | undefined;
  /** When the kernel was last written to. */
  readonly lastChange: { readonly at: string } | undefined;
  /** Clock.now() of the loop's last sign of life, ms. */
  readonly heartbeatAt: number;
}
