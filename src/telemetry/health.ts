/** The answer to a probe, with the reason for people who read its output. */
export interface Health {
  readonly ok: boolean;
  readonly reason: string;
}
