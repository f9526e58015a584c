/** What API servers use: the revision of etcd, which only grows (KEP-5504 makes comparing them part of the API). */
const REVISION = /^(?:0|[1-9]\d{0,30})$/;

/**
 * Whether a server that has got to `current` cannot have come to `known` yet: its data is not the one we have followed,
 * but an older one, restored from a backup. False where the two cannot be compared.
 */
export const isOlderThan = (current: string, known: string): boolean =>
  REVISION.test(current) && REVISION.test(known) && BigInt(current) < BigInt(known);
