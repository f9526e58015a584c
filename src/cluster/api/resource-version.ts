/** The version that API servers use: etcd's revision, which only grows (KEP-5504 makes comparing them part of the API). */
const REVISION = /^(?:0|[1-9]\d{0,30})$/;

/** Reports whether a resourceVersion can be compared with others. */
export const isRevision = (resourceVersion: string): boolean => REVISION.test(resourceVersion);

/**
 * Reports whether `current` is older than `known`: then the server's data was restored from a backup, and is not the data
 * that we have followed. False if the two cannot be compared.
 */
export const isOlderThan = (current: string, known: string): boolean =>
  isRevision(current) && isRevision(known) && BigInt(current) < BigInt(known);
