import type { FieldPath } from '../../model/field-path.ts';
import type { Syntax } from './syntax.ts';

/** Takes a problem of the object being checked. */
export type Report = (field: FieldPath, message: string) => void;

const nameOfType = (value: unknown): string => {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `${typeof value} ${JSON.stringify(value)}`;
};

/** Returns the value as an object; reports any other type. Undefined and null are an absent object, which is valid. */
export const checkObject = (value: unknown, field: FieldPath, report: Report): Readonly<Record<string, unknown>> => {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  report(field, `must be an object, not ${nameOfType(value)}`);
  return {};
};

/** Returns the value as a list; reports any other type but undefined and null. */
export const checkList = (value: unknown, field: FieldPath, report: Report): readonly unknown[] => {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  report(field, `must be a list, not ${nameOfType(value)}`);
  return [];
};

/** Returns the value as text of a syntax; reports any other type but undefined and null. */
export const checkText = (value: unknown, field: FieldPath, report: Report, syntax?: Syntax): string | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') {
    const hint = typeof value === 'object' ? '' : '; put it in quotes';
    report(field, `must be text, not ${nameOfType(value)}${hint}`);
    return undefined;
  }
  const message = syntax?.(value);
  if (message !== undefined) report(field, message);
  return value;
};

/** Like checkText, but also reports absence. */
export const requireText = (value: unknown, field: FieldPath, report: Report, syntax?: Syntax): string | undefined => {
  if (value === undefined || value === null || value === '') report(field, 'is missing');
  return value === '' ? undefined : checkText(value, field, report, syntax);
};

export const checkBoolean = (value: unknown, field: FieldPath, report: Report): void => {
  if (value === undefined || value === null || typeof value === 'boolean') return;
  report(field, `must be true or false, not ${nameOfType(value)}`);
};

/** Checks a whole number between two bounds. */
export const checkInteger = (
  value: unknown,
  [least, most]: readonly [number, number],
  field: FieldPath,
  report: Report,
): void => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  report(field, `must be a whole number from ${String(least)} to ${String(most)}, not ${nameOfType(value)}`);
};
