import type { FieldPath } from '../model/field-path.ts';

/** Collects the faults of untrusted JSON. The readers here never throw. */
export interface FaultSink {
  report(field: FieldPath, message: string): void;
  /** Reports what is beyond a limit of ours. */
  reportTooLarge(field: FieldPath, message: string): void;
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'a list' : value === null ? 'null' : typeof value);

/**
 * Reads an object with known keys only. An unknown key is a fault, since a field that the agent does not understand may
 * restrict the known ones.
 */
export const readObject = <Key extends string>(
  value: unknown,
  path: FieldPath,
  known: readonly Key[],
  sink: FaultSink,
): Readonly<Partial<Record<Key, unknown>>> | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    sink.report(path, `must be an object, not ${kindOf(value)}`);
    return undefined;
  }
  const unknown = Object.keys(value).filter((key) => !known.includes(key as Key));
  for (const key of unknown) sink.report([...path, key], `unknown field; known are ${known.join(', ')}`);
  return unknown.length === 0 ? (value as Partial<Record<Key, unknown>>) : undefined;
};

/** Reads a list. A missing or null list is empty, as the API server serialises it. */
export const readList = (value: unknown, path: FieldPath, sink: FaultSink): readonly unknown[] => {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  sink.report(path, `must be a list, not ${kindOf(value)}`);
  return [];
};

/** Reads a string. */
export const readString = (value: unknown, path: FieldPath, sink: FaultSink): string | undefined => {
  if (typeof value === 'string') return value;
  sink.report(path, value === undefined || value === null ? 'is required' : `must be a string, not ${kindOf(value)}`);
  return undefined;
};

/** Reports whether the value is absent in the API's sense: missing or null. */
export const isAbsent = (value: unknown): value is undefined | null => value === undefined || value === null;
