import type { LabelRequirement, Labels, LabelSelector } from '../model/labels.ts';

/** Shorter lists are searched as fast as a Set. */
const LONG = 16;

const asSets = new WeakMap<readonly string[], ReadonlySet<string>>();

const holds = (values: readonly string[], value: string): boolean => {
  if (values.length < LONG) return values.includes(value);
  const set = asSets.get(values) ?? new Set(values);
  asSets.set(values, set);
  return set.has(value);
};

/**
 * Reports whether the labels meet one requirement. Labels that lack the key meet NotIn. In needs the key, even if an empty
 * value is listed (apimachinery labels.Requirement.Matches).
 */
export const meets = (labels: Labels, { key, operator, values }: LabelRequirement): boolean => {
  const value = labels.get(key);
  switch (operator) {
    case 'In':
      return value !== undefined && holds(values, value);
    case 'NotIn':
      return value === undefined || !holds(values, value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
};

/** Reports whether the labels meet all requirements of the selector; the empty selector selects everything. */
export const selects = (selector: LabelSelector, labels: Labels): boolean => {
  for (const requirement of selector.requirements) if (!meets(labels, requirement)) return false;
  return true;
};

/** Returns text that is equal exactly for selectors with the same requirements. */
export const selectorKey = (selector: LabelSelector): string =>
  JSON.stringify(selector.requirements.map(({ key, operator, values }) => [key, operator, values]));

const REQUIREMENT_TEXT: Readonly<Record<LabelRequirement['operator'], (each: LabelRequirement) => string>> = {
  In: ({ key, values }) => (values.length === 1 ? `${key}=${values[0] ?? ''}` : `${key} in (${values.join(',')})`),
  NotIn: ({ key, values }) => `${key} notin (${values.join(',')})`,
  Exists: ({ key }) => key,
  DoesNotExist: ({ key }) => `!${key}`,
};

/** Formats the selector as `kubectl get -l` accepts it; '' selects everything. */
export const describeSelector = (selector: LabelSelector): string =>
  selector.requirements.map((each) => REQUIREMENT_TEXT[each.operator](each)).join(',');
