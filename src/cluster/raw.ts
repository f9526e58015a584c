/** Reading of JSON whose shape nobody promised: what has the wrong type reads as absent. */

export type RawObject = Readonly<Record<string, unknown>>;

const NOTHING: RawObject = Object.freeze({});
const NO_ITEMS: readonly unknown[] = Object.freeze([]);

export const isRawObject = (value: unknown): value is RawObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value as an object; an empty one if it is none. */
export const asObject = (value: unknown): RawObject => (isRawObject(value) ? value : NOTHING);

/** The value as a list; an empty one if it is none. */
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : NO_ITEMS);

/** The value as text; undefined if it is none. */
export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
