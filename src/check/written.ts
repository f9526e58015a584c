import type { FieldPath } from '../model/field-path.ts';

/** Returns the value at a path of a policy as written; undefined if there is none. */
export const writtenAt = (root: unknown, path: FieldPath): unknown =>
  path.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<string | number, unknown>>)[step]
        : undefined,
    root,
  );
