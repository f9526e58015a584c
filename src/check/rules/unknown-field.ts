import { type FieldPath, formatField } from '../../model/field-path.ts';
import type { Repair } from '../finding.ts';
import type { CheckRule, Observation } from '../rule.ts';
import { closest } from '../words.ts';
import { LABELS, type Level, METADATA, POLICY, SPEC } from './schema.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An object of a policy, with the schema that it should follow. */
interface Place {
  readonly level: Level;
  readonly path: FieldPath;
  readonly fields: Fields;
  readonly above: Place | undefined;
}

/** The suggestion and repairs for a field in the wrong place. */
interface Advice {
  readonly says: string;
  readonly repairs?: readonly Repair[];
}

/** Words that people often write instead of others. */
const SYNONYMS: Readonly<Record<string, string>> = {
  labels: 'matchLabels',
  expressions: 'matchExpressions',
  selector: 'podSelector',
  from: 'to',
  to: 'from',
  types: 'policyTypes',
  namespace: 'namespaceSelector',
};

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

/** Returns the key of the same object that was probably intended. */
const meant = ({ level, path, fields }: Place, name: string): Advice | undefined => {
  const free = Object.keys(level.fields).filter((known) => isAbsent(fields[known]));
  const typed = closest(name, free);
  if (typed !== undefined) {
    return { says: `did you mean "${typed}"?`, repairs: [{ kind: 'key', field: [...path, name], key: typed }] };
  }
  const word = SYNONYMS[name];
  return word !== undefined && free.includes(word) ? { says: `did you mean "${word}"?` } : undefined;
};

/** Returns an outer object that has such a field. */
const higher = (place: Place, name: string): Advice | undefined => {
  let steps = 1;
  for (let above = place.above; above !== undefined; above = above.above, steps += 1) {
    if (!Object.hasOwn(above.level.fields, name)) continue;
    const where = steps === 1 ? 'one level up' : `${steps} levels up`;
    const says = `it belongs ${where}, in ${formatField(above.path) || 'the policy itself'}`;
    const field = [...place.path, name];
    return isAbsent(above.fields[name]) ? { says, repairs: [{ kind: 'move', field, parent: above.path }] } : { says };
  }
  return undefined;
};

/** Returns a field of this object that accepts such a field. */
const lower = ({ level, path, fields }: Place, name: string): Advice | undefined => {
  const takers = Object.entries(level.fields).filter(
    ([, below]) => below !== undefined && Object.hasOwn(below.fields, name),
  );
  // If one of them is there without a value, it was meant as the parent.
  const empty = takers.filter(([taker]) => Object.hasOwn(fields, taker) && isAbsent(fields[taker]));
  const there = takers.filter(([taker]) => Object.hasOwn(fields, taker));
  const [taker] = empty[0] ?? there[0] ?? takers[0] ?? [];
  if (taker === undefined) return undefined;
  const says = `it belongs one level down, in ${taker}`;
  return empty.length === 1
    ? { says, repairs: [{ kind: 'move', field: [...path, name], parent: [...path, taker] }] }
    : { says };
};

const advise = (place: Place, name: string): Advice => {
  const known = Object.keys(place.level.fields);
  const above = higher(place, name);
  const below = lower(place, name);
  // A name that is right somewhere is no typing error; a field that already exists was not intended.
  const likely = above?.repairs === undefined ? (below ?? above) : above;
  const advice = likely ?? meant(place, name);
  if (advice !== undefined) return advice;
  if (place.level === SPEC && Object.hasOwn(METADATA.fields, name)) return { says: 'it belongs in metadata' };
  const isLabel = known.includes('matchLabels') && typeof place.fields[name] === 'string';
  return { says: isLabel ? 'labels belong in matchLabels' : `known are ${known.join(', ')}` };
};

const STORED =
  'kubectl refuses the policy (--validate=strict is its default); a client that does not ask for strict field validation gets it stored without this field';

const observe = (place: Place, name: string): Observation => {
  const { says, repairs } = advise(place, name);
  return {
    code: 'unknown-field',
    field: [...place.path, name],
    message: `unknown field; ${says}`,
    suggestion: STORED,
    ...(repairs === undefined ? {} : { repairs }),
  };
};

const walk = (value: unknown, level: Level, path: FieldPath, above: Place | undefined): readonly Observation[] => {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => walk(item, level, [...path, index], above));
  }
  if (!isFields(value)) return [];
  const place: Place = { level, path, fields: value, above };
  return Object.keys(value).flatMap((name) => {
    if (!Object.hasOwn(level.fields, name)) return [observe(place, name)];
    const below = level.fields[name];
    return below === undefined || below === LABELS ? [] : walk(value[name], below, [...path, name], place);
  });
};

/** Finds fields that NetworkPolicy doesn't have at that place: misspelt, a level too high, or a level too low. */
export const findUnknownFields: CheckRule = ({ written }) => walk(written, POLICY, [], undefined);
