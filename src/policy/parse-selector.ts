import type { LabelRequirement, LabelSelector, SelectorOperator } from '../model/labels.ts';
import type { FieldPath } from '../model/field-path.ts';
import { type FaultSink, isAbsent, readList, readObject, readString } from './reader.ts';
import { byText } from './text-order.ts';

/** Longest prefix of a label key (RFC 1123 subdomain). */
const MAX_PREFIX = 253;
/** Longest name part of a label key, and longest value (apimachinery validation.LabelValueMaxLength). */
const MAX_PART = 63;

const PART = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/** Returns why `key` is not a label key (apimachinery IsQualifiedName), or undefined if it is one. */
const labelKeyProblem = (key: string): string | undefined => {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== undefined && (prefix.length > MAX_PREFIX || !SUBDOMAIN.test(prefix))) {
    return `${JSON.stringify(key)} is not a label key: the part before "/" must be a DNS subdomain`;
  }
  if (name.length > MAX_PART || !PART.test(name)) {
    return `${JSON.stringify(key)} is not a label key: at most ${MAX_PART} letters, digits, "-", "_", "." with a letter or digit at both ends`;
  }
  return undefined;
};

/** Returns why `value` is not a label value (apimachinery IsValidLabelValue), or undefined if it is one. */
const labelValueProblem = (value: string): string | undefined =>
  value === '' || (value.length <= MAX_PART && PART.test(value))
    ? undefined
    : `${JSON.stringify(value)} is not a label value: at most ${MAX_PART} letters, digits, "-", "_", "." with a letter or digit at both ends`;

const TAKES_VALUES: Readonly<Record<SelectorOperator, boolean>> = {
  In: true,
  NotIn: true,
  Exists: false,
  DoesNotExist: false,
};

/** Maximum values of one requirement: each pod that comes is compared with all of them. */
const MAX_VALUES = 4_096;

const isOperator = (value: string): value is SelectorOperator => Object.hasOwn(TAKES_VALUES, value);

const parseMatchLabels = (value: unknown, path: FieldPath, sink: FaultSink): LabelRequirement[] => {
  if (isAbsent(value)) return [];
  if (typeof value !== 'object' || Array.isArray(value)) {
    sink.report(path, 'must be a map of label keys to values');
    return [];
  }
  return Object.entries(value).map(([key, given]: [string, unknown]) => {
    const text = readString(given, [...path, key], sink) ?? '';
    const problem = labelKeyProblem(key) ?? labelValueProblem(text);
    if (problem !== undefined) sink.report([...path, key], problem);
    return { key, operator: 'In', values: [text] };
  });
};

const parseExpression = (value: unknown, path: FieldPath, sink: FaultSink): LabelRequirement[] => {
  const fields = readObject(value, path, ['key', 'operator', 'values'], sink);
  if (fields === undefined) return [];
  const key = readString(fields.key, [...path, 'key'], sink);
  const operator = readString(fields.operator, [...path, 'operator'], sink);
  if (key === undefined || operator === undefined) return [];
  const keyProblem = labelKeyProblem(key);
  if (keyProblem !== undefined) sink.report([...path, 'key'], keyProblem);
  if (!isOperator(operator)) {
    sink.report([...path, 'operator'], `${JSON.stringify(operator)} is not one of In, NotIn, Exists, DoesNotExist`);
    return [];
  }
  const given = readList(fields.values, [...path, 'values'], sink);
  if (given.length > MAX_VALUES) {
    sink.reportTooLarge(
      [...path, 'values'],
      `has ${given.length} values, more than ${MAX_VALUES}: use labels that say the same`,
    );
    return [];
  }
  const values = given.map((each, at) => {
    const text = readString(each, [...path, 'values', at], sink) ?? '';
    const problem = labelValueProblem(text);
    if (problem !== undefined) sink.report([...path, 'values', at], problem);
    return text;
  });
  if (TAKES_VALUES[operator] && values.length === 0) {
    sink.report([...path, 'values'], `${operator} needs at least one value`);
  }
  if (!TAKES_VALUES[operator] && values.length > 0) {
    sink.report([...path, 'values'], `${operator} takes no values`);
  }
  return [{ key, operator, values: [...new Set(values)].sort(byText) }];
};

/**
 * Reads a metav1.LabelSelector. Sorts the requirements, so that selectors with the same requirements in another order are
 * equal.
 */
export const parseSelector = (value: unknown, path: FieldPath, sink: FaultSink): LabelSelector => {
  const fields = readObject(value, path, ['matchLabels', 'matchExpressions'], sink);
  if (fields === undefined) return { requirements: [] };
  const expressions = readList(fields.matchExpressions, [...path, 'matchExpressions'], sink);
  const requirements = [
    ...parseMatchLabels(fields.matchLabels, [...path, 'matchLabels'], sink),
    ...expressions.flatMap((each, at) => parseExpression(each, [...path, 'matchExpressions', at], sink)),
  ];
  const keyed = new Map(requirements.map((each) => [JSON.stringify([each.key, each.operator, each.values]), each]));
  return { requirements: [...keyed].sort(([a], [b]) => byText(a, b)).map(([, each]) => each) };
};
