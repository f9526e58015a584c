/** Who had an address, and until when. */
export interface FormerOwner {
  /** `namespace/name` */
  readonly pod: string;
  /** ms since the epoch */
  readonly until: number;
}

/** Remembers for a while who had an address that nobody has any more. */
export interface FormerAddresses {
  note(address: string, owner: FormerOwner): void;
  at(address: string): FormerOwner | undefined;
}

/** Maximum number of addresses, the newest: an hour of a busy cluster. */
const MOST = 4096;

export const createFormerAddresses = (): FormerAddresses => {
  const owners = new Map<string, FormerOwner>();
  return {
    note(address, owner) {
      // The order of a map is that of coming: the first one is the oldest.
      owners.delete(address);
      owners.set(address, owner);
      const [oldest] = owners.keys();
      if (owners.size > MOST && oldest !== undefined) owners.delete(oldest);
    },
    at: (address) => owners.get(address),
  };
};
