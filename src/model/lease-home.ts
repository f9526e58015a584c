/** Where the Leases of an installation are, and what their names begin with. */
export interface LeaseHome {
  readonly namespace: string;
  /** The installation's name: that of the Helm release, or `portcullis`. */
  readonly release: string;
}
