import type { LabelRequirement, Labels, LabelSelector } from '../model/labels.ts';

/**
 * Whether the labels meet one requirement. NotIn is also met by labels that lack the key, and In needs the key even
 * where the value asked for is empty (apimachinery labels.Requirement.Matches).
 */
export const meets = (labels: Labels, { key, operator, values }: LabelRequirement): boolean => {
  const value = labels.get(key);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
};

/** Whether the labels meet all requirements of the selector; the empty selector selects everything. */
export const selects = (selector: LabelSelector, labels: Labels): boolean =>
  selector.requirements.every((requirement) => meets(labels, requirement));

/** Text that is equal exactly for selectors with the same requirements. */
export const selectorKey = (selector: LabelSelector): string =>
  JSON.stringify(selector.requirements.map(({ key, operator, values }) => [key, operator, values]));

const REQUIREMENT_TEXT: Readonly<Record<LabelRequirement['operator'], (each: LabelRequirement) => string>> = {
  In: ({ key, values }) => (values.length === 1 ? `${key}=${values[0] ?? ''}` : `${key} in (${values.join(',')})`),
  NotIn: ({ key, values }) => `${key} notin (${values.join(',')})`,
  Exists: ({ key }) => key,
  DoesNotExist: ({ key }) => `!${key}`,
};

/** The selector as `kubectl get -l` would take it; '' selects everything. */
export const describeSelector = (selector: LabelSelector): string =>
  selector.requirements.map((each) => REQUIREMENT_TEXT[each.operator](each)).join(',');
