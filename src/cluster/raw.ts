/** JSON of unknown shape. The readers below take a value of the wrong type as absent. */

export type RawObject = Readonly<Record<string, unknown>>;

const NOTHING: RawObject = Object.freeze({});
const NO_ITEMS: readonly unknown[] = Object.freeze([]);

export const isRawObject = (value: unknown): value is RawObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Returns the value if it is an object, else an empty object. */
export const asObject = (value: unknown): RawObject => (isRawObject(value) ? value : NOTHING);

/** Returns the value if it is a list, else an empty list. */
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : NO_ITEMS);

/** Returns the value if it is text, else undefined. */
export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
