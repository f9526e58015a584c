import type { RawObject } from '../../../cluster/raw.ts';

/** Returns the object without some of its keys. */
export const without = (raw: RawObject, keys: readonly string[]): RawObject =>
  Object.fromEntries(Object.entries(raw).filter(([key]) => !keys.includes(key)));
