/** An answer to "is it well?" with the reason, for people who read the probe's output. */
export interface Health {
  readonly ok: boolean;
  readonly reason: string;
}
