import type { KnownOpen } from './run/judge.ts';

/**
 * Attacks that succeed today and must be closed. The test of an entry fails as soon as the attack no longer gets through:
 * then remove the entry.
 */
export const KNOWN_OPEN: readonly KnownOpen[] = [];
