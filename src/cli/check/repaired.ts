import type { Repair } from '../../check/finding.ts';
import type { RawObject } from '../../cluster/raw.ts';
import type { FieldPath } from '../../model/field-path.ts';

type Container = Record<string | number, unknown>;

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

const containerAt = (root: unknown, path: FieldPath): Container | undefined => {
  let value = root;
  for (const step of path) value = isContainer(value) ? value[step] : undefined;
  return isContainer(value) ? value : undefined;
};

const clone = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(clone);
  return isContainer(value)
    ? Object.fromEntries(Object.entries(value).map(([key, below]) => [key, clone(below)]))
    : value;
};

/** Takes a field out of an object, and returns what was there. */
const takeOut = (root: unknown, field: FieldPath): unknown => {
  const container = containerAt(root, field.slice(0, -1));
  const last = field.at(-1);
  if (container === undefined || last === undefined) return undefined;
  const value = container[last];
  if (Array.isArray(container)) container.splice(Number(last), 1);
  else Reflect.deleteProperty(container, last);
  return value;
};

const put = (root: unknown, field: FieldPath, value: unknown): void => {
  const container = containerAt(root, field.slice(0, -1));
  const last = field.at(-1);
  if (container !== undefined && last !== undefined) container[last] = value;
};

/** An object as it is once it is repaired: what the repaired text has to say, and nothing else. */
export const repaired = (raw: RawObject, repairs: readonly Repair[]): RawObject => {
  const copy = clone(raw) as RawObject;
  for (const repair of repairs) {
    switch (repair.kind) {
      case 'value':
        put(copy, repair.field, repair.value);
        break;
      case 'key':
        put(copy, [...repair.field.slice(0, -1), repair.key], takeOut(copy, repair.field));
        break;
      case 'remove':
        takeOut(copy, repair.field);
        break;
      case 'move': {
        const value = takeOut(copy, repair.field);
        if (containerAt(copy, repair.parent) === undefined) put(copy, repair.parent, {});
        put(copy, [...repair.parent, repair.field.at(-1) ?? ''], value);
      }
    }
  }
  return copy;
};
